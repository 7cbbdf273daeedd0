#include "gangway/commands/health/plugin.hpp"

#include "gangway/agent/own_words.hpp"
#include "gangway/base/human_units.hpp"
#include "gangway/base/printable.hpp"

#include <algorithm>
#include <optional>

namespace gangway::command {

namespace {

// Pages and messages of monitoring systems show about so much.
constexpr std::size_t text_max_columns = 200;

// So that one group's, which an application may have put together, does not hide the others.
constexpr std::size_t sentence_max_columns = 120;

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
                    (result.busy_since.empty() ? "" : " since " + result.busy_since) +
                    (result.detail.empty() ? "" : ": " + in_own_words(result.detail));
        }
    }
}

// Nothing where it is not known.
std::optional<double> value_of(std::string_view label, const HealthReport& report) {
    const HealthSummary& summary = report.summary;
    if (label == "healthy") {
        return static_cast<double>(summary.healthy);
    }
    if (label == "unhealthy") {
        return static_cast<double>(summary.unhealthy);
    }
    if (label == "busy") {
        return static_cast<double>(summary.busy);
    }
    if (label == "skipped") {
        return static_cast<double>(summary.skipped);
    }
    if (label == "queue") {
        return report.queue ? std::optional(static_cast<double>(*report.queue)) : std::nullopt;
    }
    return summary.duration_seconds;
}

std::string range_text(const std::optional<Range>& range) {
    return range ? range->text() : "";
}

// label=value;warn;crit;min;max, "U" for a value that is not known.
std::string performance_datum(std::string_view label, const HealthReport& report,
                              const Thresholds& thresholds) {
    const bool is_time = label == "time";
    const bool has_most = !is_time && label != "queue";
    const auto value = value_of(label, report);
    const Threshold& threshold = thresholds.of(label);
    return std::string(label) + "=" + (value ? fixed_decimal(*value, is_time ? 3 : 0) : "U") +
           (is_time ? "s;" : ";") + range_text(threshold.warning) + ";" +
           range_text(threshold.critical) + ";0" +
           (has_most ? ";" + std::to_string(report.summary.total) : "");
}

std::string performance_data(const HealthReport& report, const Thresholds& thresholds) {
    std::string text;
    for (const std::string_view label : plugin_labels) {
        text += (text.empty() ? "" : " ") + performance_datum(label, report, thresholds);
    }
    return text;
}

PluginState state_of(std::string_view label, const HealthReport& report,
                     const Thresholds& thresholds) {
    const auto value = value_of(label, report);
    const Threshold& threshold = thresholds.of(label);
    if (value && threshold.critical && !threshold.critical->holds(*value)) {
        return PluginState::critical;
    }
    if (value && threshold.warning && !threshold.warning->holds(*value)) {
        return PluginState::warning;
    }
    return PluginState::ok;
}

// What the counts of processes do not show: a queue, and a time that is too long.
std::string more_counts(const HealthReport& report, const Thresholds& thresholds) {
    std::string text;
    if (report.queue.value_or(0) > 0) {
        text += ", " + std::to_string(*report.queue) + " queued";
    }
    if (state_of("time", report, thresholds) != PluginState::ok) {
        text += ", in " + fixed_decimal(report.summary.duration_seconds, 3) + " s";
    }
    return text;
}

} // namespace

PluginState plugin_state(const HealthReport& report, const Thresholds& thresholds) {
    if (report.summary.total == 0) {
        return report.cannot_start.empty() ? PluginState::unknown : PluginState::critical;
    }
    PluginState worst = report.cannot_start.empty() ? PluginState::ok : PluginState::warning;
    for (const std::string_view label : plugin_labels) {
        worst = std::max(worst, state_of(label, report, thresholds));
    }
    return worst;
}

std::string plugin_line(const HealthReport& report, const Thresholds& thresholds) {
    const HealthSummary& summary = report.summary;
    if (summary.total == 0 && report.cannot_start.empty()) {
        return plugin_unknown_line("there is no process to check");
    }
    std::string faults;
    for (const std::string& sentence : report.cannot_start) {
        faults += (faults.empty() ? ": " : "; ") + shorten_end(sentence, sentence_max_columns);
    }
    for (const char* state : {"unhealthy", "busy", "skipped"}) {
        add_faults(faults, report, state);
    }
    return one_line(std::string(word(plugin_state(report, thresholds))) + " - " +
                    health_counts(summary) + more_counts(report, thresholds) + faults) +
           " | " + performance_data(report, thresholds) + "\n";
}

std::string plugin_unknown_line(std::string_view text) {
    return one_line(std::string(word(PluginState::unknown)) + " - " + std::string(text)) + "\n";
}

} // namespace gangway::command
