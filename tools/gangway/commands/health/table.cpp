#include "gangway/commands/health/table.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/view/group_names.hpp"
#include "gangway/view/table.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace gangway::command {

namespace {

Colour state_colour(const std::string& state) {
    if (state == "healthy") {
        return Colour::green;
    }
    if (state == "unhealthy") {
        return Colour::red;
    }
    return state == "busy" ? Colour::yellow : Colour::none;
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

bool has_many_groups(const std::vector<HealthResult>& results) {
    return std::any_of(results.begin(), results.end(), [&results](const HealthResult& result) {
        return result.group != results.front().group;
    });
}

// Whole names for programs, short ones where a person's terminal is narrow.
std::map<std::string, std::string> shown_group_names(const std::vector<HealthResult>& results,
                                                     bool shorten) {
    std::vector<std::string> names;
    std::map<std::string, std::string> whole;
    for (const HealthResult& result : results) {
        names.push_back(result.group);
        whole.emplace(result.group, result.group);
    }
    return shorten ? abbreviate_group_names(names) : whole;
}

std::string rows(const std::vector<HealthResult>& results, const Terminal& terminal) {
    const bool with_group = has_many_groups(results);
    std::vector<Column> columns{{"PID", Align::right}};
    if (with_group) {
        columns.push_back({"GROUP"});
    }
    for (Column& column : std::vector<Column>{{"STATE"},
                                              {"REASON"},
                                              {"STATUS", Align::right},
                                              {"LATENCY", Align::right},
                                              {"ROUTE"}}) {
        columns.push_back(std::move(column));
    }
    Table table(std::move(columns));
    const auto group_names = shown_group_names(results, terminal.is_terminal);
    for (const HealthResult& result : results) {
        std::vector<Cell> cells{result.pid};
        if (with_group) {
            cells.emplace_back(or_dash(group_names.at(result.group)));
        }
        cells.emplace_back(result.state, state_colour(result.state));
        cells.emplace_back(or_dash(result.reason));
        cells.emplace_back(or_dash(result.status));
        cells.emplace_back(result.latency_seconds ? human_latency(*result.latency_seconds) : "-");
        cells.emplace_back(or_dash(result.route));
        table.add_row(std::move(cells));
    }
    return table.render(terminal);
}

std::string details(const std::vector<HealthResult>& results) {
    std::string text;
    for (const HealthResult& result : results) {
        if (!result.is_healthy() && !result.detail.empty()) {
            text += result.pid + ": " + result.detail + "\n";
        }
    }
    return text.empty() ? text : "\n" + text;
}

} // namespace

std::string health_table(const HealthReport& report, const Terminal& terminal) {
    const HealthSummary& summary = report.summary;
    return rows(report.results, terminal) + details(report.results) + "\n" +
           health_counts(summary) + ", in " + human_latency(summary.duration_seconds) +
           (summary.deadline_reached ? "; the deadline came before all were checked\n" : "\n");
}

} // namespace gangway::command
