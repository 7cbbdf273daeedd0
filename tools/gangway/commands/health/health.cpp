#include "gangway/commands/health/health.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/health/check.hpp"
#include "gangway/commands/health/json.hpp"
#include "gangway/commands/health/options.hpp"
#include "gangway/commands/health/plugin.hpp"
#include "gangway/commands/health/table.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/commands/watch.hpp"
#include "gangway/view/output.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace gangway::command {

namespace {

constexpr const char* footer =
    "Examples:\n"
    "  gangway health --all                            does each process answer GET / ?\n"
    "  gangway health --group '/var/www/shop (production)' /health --body '\"status\":\"ok\"'\n"
    "  gangway health 20387 20391 /ping --timeout 1 --busy-limit 30\n"
    "  gangway health --all /health --json-pointer /status --json-value ok\n"
    "  gangway health --all /health --watch            until Ctrl-C\n"
    "  gangway health --all --json | jq -r '.results[] | select(.state != \"healthy\") | .pid'\n"
    "  gangway health --all /health --nagios           as a check of Nagios or Icinga\n"
    "  gangway health --all --nagios -w busy=5 -w queue=0 -c queue=10 -c healthy=2:\n"
    "\n"
    "A check is a small request to a process. A busy process is not disturbed, and no failure\n"
    "unless --busy-limit says so.\n"
    "\n"
    "Exit codes:\n"
    "  0  all are healthy\n"
    "  1  not all are, or there is no process; or the answer is bad, as with other commands\n"
    "  2  wrong usage\n"
    "  3  the agent cannot be reached: no instance, no socket, no answer, or it has ended\n"
    "  4  not authorized: by the agent, or not permitted by the system\n"
    "  5  the output cannot be written\n"
    "130  ended by Ctrl-C\n"
    "With --nagios:\n"
    "  0  OK: every figure is in its range\n"
    "  1  WARNING: one is not; unless -w says otherwise: some are busy or were skipped\n"
    "  2  CRITICAL: one is not; unless -c says otherwise: some are unhealthy, or none is healthy\n"
    "  3  UNKNOWN: everything else, wrong usage included";

// The agent's default for deadline_seconds, and what the command waits beyond it.
constexpr double default_deadline_seconds = 30;
constexpr double grace_seconds = 1;

double deadline_of(const HealthOptions& options) {
    return options.deadline_seconds.value_or(default_deadline_seconds);
}

std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::milliseconds(std::llround(std::ceil(seconds * 1000)));
}

HealthReport check(const GlobalOptions& global, const Endpoint& endpoint,
                   const HealthOptions& options) {
    const Credentials credentials =
        choose_credentials(global.agent.password, endpoint, Purpose::forward, ::geteuid());
    return check_health(endpoint, {.options = options,
                                   .credentials = credentials,
                                   .longest = milliseconds(deadline_of(options) + grace_seconds)});
}

// Before anything is looked for or sent.
void require_good(const HealthOptions& options, bool json) {
    if (const auto fault = fault_of_health_options(options, json)) {
        throw Failure(ExitCode::usage, *fault);
    }
    if (const auto fault = fault_of_check(health_body(options, process_ids(options)))) {
        throw Failure(ExitCode::usage, *fault);
    }
}

ExitCode check_once(const GlobalOptions& global, const HealthOptions& options) {
    require_good(options, global.json);
    const HealthReport report = check(global, find_endpoint(global.agent), options);
    Output::standard().write(global.json ? health_document(report)
                                         : health_table(report, standard_output_terminal()));
    if (report.results.empty()) {
        std::string note = "there is no process to check";
        for (const std::string& sentence : report.cannot_start) {
            note += "; " + printable(sentence);
        }
        report_note(note, global.json);
    }
    return report.summary.all_healthy() ? ExitCode::ok : ExitCode::bad_answer;
}

std::string shown(const HealthReport& report, bool json, bool is_first) {
    if (json) {
        return health_lines(report);
    }
    const Terminal terminal = standard_output_terminal();
    return terminal.can_redraw ? clear_screen + health_screen(report, terminal, local_time())
                               : below_the_time(health_table(report, terminal), is_first);
}

// The line comes within the deadline, whatever the agent does: so the agent gets a little less.
ExitCode run_as_plugin(const GlobalOptions& global, const HealthOptions& options) {
    try {
        const Thresholds thresholds = thresholds_of(options);
        require_good(options, global.json);
        const auto begin = std::chrono::steady_clock::now();
        const Endpoint endpoint = find_endpoint(global.agent);
        const Credentials credentials =
            choose_credentials(global.agent.password, endpoint, Purpose::forward, ::geteuid());
        const auto longest =
            milliseconds(deadline_of(options)) -
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
        const HealthReport report =
            check_health(endpoint, {.options = options,
                                    .credentials = credentials,
                                    .longest = longest,
                                    .held_back = milliseconds(grace_seconds),
                                    .wants_groups = true});
        Output::standard().write(plugin_line(report, thresholds));
        return static_cast<ExitCode>(plugin_state(report, thresholds));
    } catch (const std::exception& failure) {
        return report_to_monitoring(failure.what());
    }
}

ExitCode run(const GlobalOptions& global, const HealthOptions& options) {
    if (options.nagios) {
        return run_as_plugin(global, options);
    }
    if (options.watch_seconds) {
        require_good(options, global.json);
        watch(global, *options.watch_seconds, [&](const Endpoint& endpoint, bool is_first) {
            return shown(check(global, endpoint, options), global.json, is_first);
        });
    }
    return check_once(global, options);
}

} // namespace

void add_health_command(CLI::App& app, const GlobalOptions& options, Action& action) {
    auto* command =
        app.add_subcommand(health_command_name, "Asks each process whether it is healthy");
    const auto chosen = std::make_shared<HealthOptions>();
    declare_health_options(*command, *chosen);
    command->footer(footer);
    command->callback([&options, &action, command, chosen] {
        collect_repeated_options(*command, *chosen);
        action = [&options, chosen] { return run(options, *chosen); };
    });
}

ExitCode report_to_monitoring(std::string_view fault) {
    try {
        Output::standard().write(plugin_unknown_line(fault));
    } catch (const Failure& failure) {
        // The exit code is all that is left to say it by.
        std::cerr << "gangway: " << failure.what() << '\n';
    }
    return static_cast<ExitCode>(PluginState::unknown);
}

} // namespace gangway::command
