#include "gangway/commands/health/health.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/health/check.hpp"
#include "gangway/commands/health/json.hpp"
#include "gangway/commands/health/options.hpp"
#include "gangway/commands/health/plugin.hpp"
#include "gangway/commands/health/table.hpp"
#include "gangway/view/output.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
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
    "\n"
    "A check is a small request to a process. A busy process is not disturbed, and no failure\n"
    "unless --busy-limit says so.\n"
    "\n"
    "Exit codes:\n"
    "  0  all are healthy\n"
    "  1  not all are, or there is no process; or the answer is bad, as with other commands\n"
    "  2  wrong usage\n"
    "  3  the agent cannot be reached: no instance, no socket, no answer\n"
    "  4  not authorized\n"
    "  5  the output cannot be written\n"
    "130  ended by Ctrl-C\n"
    "With --nagios:\n"
    "  0  OK: all are healthy\n"
    "  1  WARNING: some are busy or were skipped\n"
    "  2  CRITICAL: some are unhealthy\n"
    "  3  UNKNOWN: everything else";

// The agent's default for deadline_seconds, and what the command waits beyond it.
constexpr double default_deadline_seconds = 30;
constexpr double grace_seconds = 1;

class WatchEnds : public Failure {
  public:
    explicit WatchEnds(const std::string& message) : Failure(ExitCode::unreachable, message) {}
};

double deadline_of(const HealthOptions& options) {
    return options.deadline_seconds.value_or(default_deadline_seconds);
}

std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::milliseconds(std::llround(std::ceil(seconds * 1000)));
}

HealthReport check(const GlobalOptions& global, const Endpoint& endpoint, const std::string& body,
                   double longest_seconds) {
    const HealthRequest request{.body = body,
                                .credentials = choose_credentials(global.agent.password, endpoint,
                                                                  Purpose::forward, ::geteuid()),
                                .longest = milliseconds(longest_seconds)};
    return check_health(endpoint, request);
}

std::string body_of(const HealthOptions& options, bool json) {
    if (const auto fault = fault_of_health_options(options, json)) {
        throw Failure(ExitCode::usage, *fault);
    }
    return json_line(health_body(options));
}

ExitCode check_once(const GlobalOptions& global, const HealthOptions& options) {
    const std::string body = body_of(options, global.json);
    const HealthReport report =
        check(global, find_endpoint(global.agent), body, deadline_of(options) + grace_seconds);
    Output::standard().write(global.json ? health_document(report)
                                         : health_table(report, standard_output_terminal()));
    if (report.results.empty()) {
        std::cerr << "gangway: there is no process to check\n";
    }
    return report.summary.all_healthy() ? ExitCode::ok : ExitCode::bad_answer;
}

void show_round(const HealthReport& report, bool json, bool is_first) {
    const Terminal terminal = standard_output_terminal();
    std::string text;
    if (json) {
        text = health_lines(report);
    } else if (terminal.can_redraw) {
        text = "\033[H\033[J" + health_table(report, terminal);
    } else {
        text = (is_first ? "" : "\n") + health_table(report, terminal);
    }
    Output::standard().write(text);
}

// The socket by which a round goes. The instance is looked for each time: a watch outlives an
// agent. It does not outlive the instance that was named.
Endpoint endpoint_of_round(const GlobalOptions& global, bool is_first) {
    try {
        return find_endpoint(global.agent);
    } catch (const NoSuchInstance& gone) {
        if (is_first || global.agent.instance.empty()) {
            throw;
        }
        throw WatchEnds(
            std::string(gone.what()) +
            "\nThe watch ends: Passenger names its instance anew at each start, so this one does "
            "not come back. Without --instance, or with a configured socket_path, a watch outlives "
            "a restart.");
    }
}

// Ends by Ctrl-C, where the first round fails, and where the named instance has gone. Later on an
// agent may be gone for a while: that is said once, not each time. So it is said where another
// instance takes its place.
[[noreturn]] void watch(const GlobalOptions& global, const HealthOptions& options,
                        double pause_seconds) {
    const std::chrono::milliseconds pause(std::llround(std::ceil(pause_seconds * 1000)));
    const std::string body = body_of(options, global.json);
    const InterruptWatch between_rounds;
    std::string said;
    std::filesystem::path socket;
    for (bool is_first = true;; pause_for(pause)) {
        std::optional<HealthReport> report;
        try {
            const Endpoint endpoint = endpoint_of_round(global, is_first);
            if (!is_first && endpoint.socket != socket) {
                std::cerr << "gangway: from now on it is another instance that is asked, at "
                          << printable(endpoint.socket.string()) << '\n';
            }
            socket = endpoint.socket;
            report = check(global, endpoint, body, deadline_of(options) + grace_seconds);
        } catch (const WatchEnds&) {
            throw;
        } catch (const Failure& failure) {
            if (is_first || failure.code() == ExitCode::interrupted ||
                failure.code() == ExitCode::no_output) {
                throw;
            }
            if (said != failure.what()) {
                said = failure.what();
                std::cerr << "gangway: " << said << '\n';
            }
            continue;
        }
        show_round(*report, global.json, is_first);
        is_first = false;
        said.clear();
    }
}

// The line comes within the deadline, whatever the agent does: so the agent gets a little less.
ExitCode run_as_plugin(const GlobalOptions& global, const HealthOptions& options) {
    const double deadline = deadline_of(options);
    HealthOptions asked = options;
    asked.deadline_seconds = deadline - std::min(grace_seconds, deadline / 10);
    try {
        const std::string body = body_of(asked, global.json);
        const HealthReport report = check(global, find_endpoint(global.agent), body, deadline);
        Output::standard().write(plugin_line(report));
        return static_cast<ExitCode>(plugin_state(report.summary));
    } catch (const std::exception& failure) {
        return report_to_monitoring(failure.what());
    }
}

ExitCode run(const GlobalOptions& global, const HealthOptions& options) {
    if (options.nagios) {
        return run_as_plugin(global, options);
    }
    if (options.watch_seconds) {
        watch(global, options, *options.watch_seconds);
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
        collect_health_headers(*command, *chosen);
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
