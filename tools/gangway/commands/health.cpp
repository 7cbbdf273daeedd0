#include "health.hpp"

#include "../endpoint.hpp"
#include "../health_check.hpp"
#include "../health_json.hpp"
#include "../health_options.hpp"
#include "../health_plugin.hpp"
#include "../health_table.hpp"
#include "../interrupt.hpp"
#include "../json_text.hpp"
#include "../output.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cmath>
#include <exception>
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
    "130  ended by Ctrl-C\n"
    "With --nagios:\n"
    "  0  OK: all are healthy\n"
    "  1  WARNING: some are busy or were skipped\n"
    "  2  CRITICAL: some are unhealthy\n"
    "  3  UNKNOWN: everything else";

// The agent's default for deadline_seconds, and what it may take beyond it.
constexpr double default_deadline_seconds = 30;
constexpr std::chrono::seconds grace{30};

// A round's report. The instance is looked for each time: a watch outlives an agent.
HealthReport check(const GlobalOptions& global, const HealthOptions& options,
                   const std::string& body) {
    const Endpoint endpoint = find_endpoint(global);
    const double deadline = options.deadline_seconds.value_or(default_deadline_seconds);
    const HealthRequest request{
        .body = body,
        .credentials = choose_credentials(global.password, endpoint, Purpose::forward),
        .silence_limit = std::chrono::seconds(std::llround(std::ceil(deadline))) + grace};
    return check_health(endpoint.socket, request);
}

std::string body_of(const HealthOptions& options, bool json) {
    if (const auto fault = fault_of_health_options(options, json)) {
        throw Failure(ExitCode::usage, *fault);
    }
    return json_line(health_body(options));
}

ExitCode check_once(const GlobalOptions& global, const HealthOptions& options) {
    const HealthReport report = check(global, options, body_of(options, global.json));
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

// Ends by Ctrl-C, and where the first round fails. Later on an agent may be gone for a while: that
// is said once, not each time.
[[noreturn]] void watch(const GlobalOptions& global, const HealthOptions& options,
                        double pause_seconds) {
    const std::chrono::milliseconds pause(std::llround(std::ceil(pause_seconds * 1000)));
    const std::string body = body_of(options, global.json);
    std::string said;
    for (bool is_first = true;; pause_for(pause)) {
        std::optional<HealthReport> report;
        try {
            report = check(global, options, body);
        } catch (const Failure& failure) {
            if (is_first || failure.code() == ExitCode::interrupted) {
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

ExitCode run_as_plugin(const GlobalOptions& global, const HealthOptions& options) {
    try {
        const HealthReport report = check(global, options, body_of(options, global.json));
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
    Output::standard().write(plugin_unknown_line(fault));
    return static_cast<ExitCode>(PluginState::unknown);
}

} // namespace gangway::command
