#include "gangway/commands/health/health.hpp"

#include "gangway/agent/choose_credentials.hpp"
#include "gangway/agent/find_endpoint.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/health/check.hpp"
#include "gangway/commands/health/json.hpp"
#include "gangway/commands/health/options.hpp"
#include "gangway/commands/health/plugin.hpp"
#include "gangway/commands/health/table.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/view/output.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
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

// "2026-11-27 17:40:12 +0100", as people read it on a clock at the wall.
std::string local_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &parts)};
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

void show_round(const HealthReport& report, bool json, bool is_first) {
    const Terminal terminal = standard_output_terminal();
    std::string text;
    if (json) {
        text = health_lines(report);
    } else if (terminal.can_redraw) {
        text = "\033[H\033[J" + health_screen(report, terminal, local_time());
    } else {
        text = (is_first ? "" : "\n") + local_time() + "\n" + health_table(report, terminal);
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
    require_good(options, global.json);
    const InterruptWatch between_rounds;
    std::string said;
    std::filesystem::path socket;
    for (bool is_first = true;; pause_for(pause)) {
        std::optional<HealthReport> report;
        try {
            const Endpoint endpoint = endpoint_of_round(global, is_first);
            if (!is_first && endpoint.socket != socket) {
                report_note("from now on it is another instance that is asked, at " +
                                printable(endpoint.socket.string()),
                            global.json);
            }
            socket = endpoint.socket;
            report = check(global, endpoint, options);
        } catch (const WatchEnds&) {
            throw;
        } catch (const Failure& failure) {
            if (is_first || failure.code() == ExitCode::interrupted ||
                failure.code() == ExitCode::no_output) {
                throw;
            }
            if (said != failure.what()) {
                said = failure.what();
                report_failure(failure, global.json);
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
