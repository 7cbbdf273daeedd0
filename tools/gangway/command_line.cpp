#include "gangway/command_line.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/check_config.hpp"
#include "gangway/commands/global_options.hpp"
#include "gangway/commands/health/health.hpp"
#include "gangway/commands/instances.hpp"
#include "gangway/commands/ps.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/commands/request/request.hpp"
#include "gangway/commands/requests.hpp"
#include "gangway/commands/show.hpp"
#include "gangway/commands/subcommand.hpp"
#include "gangway/commands/top/top.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {

namespace {

constexpr const char* description =
    "Looks at single worker processes of a running Phusion Passenger, and sends requests to them.";

constexpr const char* overview =
    "Examples:\n"
    "  gangway ps                                     the processes of the instance that runs "
    "here\n"
    "  gangway top                                    the same, live\n"
    "  gangway show 20387                             everything about one\n"
    "  gangway requests                               what they are doing, for whom, since when\n"
    "  gangway request 20387 /health                  its answer to GET /health\n"
    "  gangway health --all /health                   does each process answer?\n"
    "  gangway request 20387 /cache -X DELETE --fail  exit code 1 for HTTP >= 400\n"
    "\n"
    "The instance is looked for where passenger-status looks: PASSENGER_INSTANCE_REGISTRY_DIR, or\n"
    "TMPDIR, /tmp, /var/run/passenger-instreg and the private /tmp of web servers. A configured\n"
    "socket_path comes first. Only what belongs to root or to you is believed ('gangway "
    "instances'\n"
    "says what is not); --core-user adds a user.\n"
    "Without a password, you are known by your user: root and the agent's user may do everything, "
    "an\n"
    "application's user sees that user's processes. Any other who may read the instance's\n"
    "administrator passwords uses them.\n"
    "\n";

constexpr const char* password_variable = "GANGWAY_PASSWORD";

// An empty body is one. An empty pointer is all of a document (RFC 6901).
bool may_be_empty(const CLI::Option& option) {
    const std::string name = option.get_name();
    return name == "--data" || name == "--data-binary" || name == "--json-pointer";
}

// As from a variable that is not set: to take it for no option at all would mean something else,
// such as all processes instead of a group's, or root's rights instead of a password's.
void refuse_empty_values(CLI::App& app) {
    for (CLI::Option* option : app.get_options()) {
        if (option->get_items_expected_max() > 0 && !may_be_empty(*option)) {
            option->check([](const std::string& text) {
                return text.empty() ? std::string("it is empty") : std::string();
            });
        }
    }
    for (CLI::App* command : app.get_subcommands({})) {
        refuse_empty_values(*command);
    }
}

// CLI11 takes an empty variable for none.
void refuse_empty_password(const GlobalOptions& options) {
    const char* value = std::getenv(password_variable); // NOLINT(concurrency-mt-unsafe)
    if (options.agent.password.empty() && value != nullptr && *value == '\0') {
        throw CLI::ValidationError(password_variable,
                                   "it is empty; unset it to be known by your user alone");
    }
}

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_option("--socket", options.agent.socket,
                   "Admin socket to use instead of looking for one")
        ->type_name("PATH");
    app.add_option("--instance", options.agent.instance,
                   "Passenger instance, by its name or the beginning of it")
        ->type_name("NAME");
    app.add_option("--core-user", options.agent.core_user,
                   "Trusts instances and sockets of this user, too, as whom Passenger's core runs")
        ->type_name("USER");
    app.add_option("--password", options.agent.password,
                   "Password of the process; better in the environment, since others see arguments "
                   "in ps")
        ->type_name("PASSWORD")
        ->envname(password_variable);
    app.add_flag("--json", options.json,
                 "JSON for programs, a line a document, errors too; instead of text for people");
}

// CLI11 looks for the missing subcommand before it looks at what stands in its place.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
    const std::vector<std::string> unknown = app.remaining();
    if (app.get_subcommands().empty() && !unknown.empty()) {
        return "there is no command or option '" + printable(unknown.front()) + "'";
    }
    return printable(error.what());
}

// A monitoring system runs the command. CLI11 may have stopped before that flag.
bool is_for_monitoring(const CLI::App& app, int argc, const char* const* argv) {
    return app.got_subcommand(health_command_name) &&
           std::find(argv, argv + argc, plugin_flag) != argv + argc;
}

int parse_and_run(int argc, const char* const* argv) {
    CLI::App app(description, "gangway");
    GlobalOptions options;
    Action action;
    app.fallthrough();
    app.require_subcommand(1);
    app.set_version_flag("--version", "gangway " GANGWAY_VERSION);
    app.footer(std::string(overview) + exit_codes_help);
    add_global_options(app, options);
    add_ps_command(app, options, action);
    add_show_command(app, options, action);
    add_top_command(app, options, action);
    add_requests_command(app, options, action);
    add_request_command(app, options, action);
    add_health_command(app, options, action);
    add_instances_command(app, options, action);
    add_check_config_command(app, options, action);
    refuse_empty_values(app);
    try {
        app.parse(argc, argv);
        refuse_empty_password(options);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            static_cast<void>(app.exit(error)); // --help, --version
            if (!std::cout.flush()) {
                throw Failure(ExitCode::no_output, "cannot write standard output");
            }
            return static_cast<int>(ExitCode::ok);
        }
        if (is_for_monitoring(app, argc, argv)) {
            return static_cast<int>(report_to_monitoring(usage_fault(app, error)));
        }
        throw Failure(ExitCode::usage, usage_fault(app, error) + "\nRun it with --help for usage.");
    }
    return static_cast<int>(action());
}

} // namespace

int run_command_line(int argc, const char* const* argv) {
    // A reader of our output who leaves ends us silently, whatever the parent process has set.
    // Sockets are written with MSG_NOSIGNAL.
    if (std::signal(SIGPIPE, SIG_DFL) == SIG_ERR) {
        report_note("signal(SIGPIPE) failed", false);
    }
    // The parser may have stopped before it.
    const bool json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
    try {
        return parse_and_run(argc, argv);
    } catch (const Failure& failure) {
        report_failure(failure, json);
        return static_cast<int>(failure.code());
    } catch (const std::exception& error) {
        report_failure(Failure(ExitCode::bad_answer, printable(error.what())), json);
        return static_cast<int>(ExitCode::bad_answer);
    }
}

} // namespace gangway::command
