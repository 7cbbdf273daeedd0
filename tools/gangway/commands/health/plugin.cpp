#include "gangway/commands/health/plugin.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/printable.hpp"

#include <algorithm>

namespace gangway::command {

namespace {

// Pages and messages of monitoring systems show about so much.
constexpr std::size_t text_max_columns = 200;

// The results that a line has room for are far fewer.
constexpr std::size_t faults_max_bytes = 4 * text_max_columns;

const char* word(PluginState state) {
    switch (state) {
    case PluginState::ok:
        return "OK";
    case PluginState::warning:
        return "WARNING";
    case PluginState::critical:
        return "CRITICAL";
    case PluginState::unknown:
        break;
    }
    return "UNKNOWN";
}

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '|', '/');
    return shorten_end(printable(text), text_max_columns);
}

void add_faults(std::string& text, const HealthReport& report, std::string_view state) {
    for (const HealthResult& result : report.results) {
        if (result.state == state && text.size() < faults_max_bytes) {
            text += (text.empty() ? ": " : "; ") + result.pid + " " + result.reason +
                    (result.detail.empty() ? "" : ": " + result.detail);
        }
    }
}

// label=value;warn;crit;min;max
std::string count(const char* label, std::uint64_t value, const char* thresholds,
                  const HealthSummary& summary) {
    return std::string(label) + "=" + std::to_string(value) + ";" + thresholds + ";0;" +
           std::to_string(summary.total) + " ";
}

std::string performance_data(const HealthSummary& summary) {
    return count("healthy", summary.healthy, ";1:", summary) +
           count("unhealthy", summary.unhealthy, ";0", summary) +
           count("busy", summary.busy, "0;", summary) +
           count("skipped", summary.skipped, "0;", summary) +
           "time=" + fixed_decimal(summary.duration_seconds, 3) + "s;;;0";
}

} // namespace

PluginState plugin_state(const HealthSummary& summary) {
    if (summary.total == 0) {
        return PluginState::unknown;
    }
    if (summary.unhealthy > 0) {
        return PluginState::critical;
    }
    return summary.all_healthy() ? PluginState::ok : PluginState::warning;
}

std::string plugin_line(const HealthReport& report) {
    const HealthSummary& summary = report.summary;
    if (summary.total == 0) {
        return plugin_unknown_line("there is no process to check");
    }
    std::string faults;
    for (const char* state : {"unhealthy", "busy", "skipped"}) {
        add_faults(faults, report, state);
    }
    return one_line(std::string(word(plugin_state(summary))) + " - " + health_counts(summary) +
                    faults) +
           " | " + performance_data(summary) + "\n";
}

std::string plugin_unknown_line(std::string_view text) {
    return one_line(std::string(word(PluginState::unknown)) + " - " + std::string(text)) + "\n";
}

} // namespace gangway::command
