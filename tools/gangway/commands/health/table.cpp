#include "gangway/commands/health/table.hpp"

#include "gangway/agent/own_words.hpp"
#include "gangway/base/human_units.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/view/group_names.hpp"
#include "gangway/view/table.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::command {

namespace {

using TimePoint = std::chrono::system_clock::time_point;

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

// A process that is gone has none.
bool has_many_groups(const std::vector<HealthResult>& results) {
    std::set<std::string_view> groups;
    for (const HealthResult& result : results) {
        if (!result.group.empty()) {
            groups.insert(result.group);
        }
    }
    return groups.size() > 1;
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

// "19m 11s"
std::string busy_for(const HealthResult& result, TimePoint now) {
    const auto began = parse_rfc3339(result.busy_since);
    const std::chrono::duration<double> past = now - began.value_or(now);
    return began ? human_duration(std::max(past.count(), 0.0)) : "-";
}

std::string rows(const std::vector<HealthResult>& results, const Terminal& terminal,
                 TimePoint now) {
    const bool with_group = has_many_groups(results);
    const bool with_busy = std::any_of(results.begin(), results.end(), [](const auto& result) {
        return !result.busy_since.empty();
    });
    const bool with_requests = std::any_of(results.begin(), results.end(), [](const auto& result) {
        return !result.requests.empty();
    });
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
    if (with_busy) {
        columns.push_back({"BUSY FOR"});
    }
    if (with_requests) {
        columns.push_back({"WITH"});
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
        if (with_busy) {
            cells.emplace_back(busy_for(result, now));
        }
        if (with_requests) {
            cells.emplace_back(or_dash(describe(result.requests, result.requests.size())));
        }
        table.add_row(std::move(cells));
    }
    return table.render(terminal);
}

// "9411, 9456 and 12 more"
std::string some_of(const std::vector<std::string>& pids) {
    constexpr std::size_t few = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(pids.size(), few); ++i) {
        text += (i == 0 ? "" : ", ") + pids[i];
    }
    return pids.size() > few ? text + " and " + std::to_string(pids.size() - few) + " more" : text;
}

// A sentence is said once, of all whom it is about.
std::vector<std::string> details(const std::vector<HealthResult>& results) {
    std::vector<std::pair<std::string, std::vector<std::string>>> said;
    std::map<std::string, std::size_t> places;
    for (const HealthResult& result : results) {
        // With what one is busy, its row says.
        const bool in_row = result.state == "busy" && !result.requests.empty();
        if (result.is_healthy() || result.detail.empty() || in_row) {
            continue;
        }
        const auto [place, is_new] = places.emplace(result.detail, said.size());
        if (is_new) {
            said.emplace_back(in_own_words(result.detail), std::vector<std::string>());
        }
        said[place->second].second.push_back(result.pid);
    }
    std::vector<std::string> lines;
    lines.reserve(said.size());
    for (const auto& [sentence, pids] : said) {
        lines.push_back(some_of(pids) + ": " + sentence);
    }
    return lines;
}

std::string sum(const HealthSummary& summary) {
    return health_counts(summary) + ", in " + human_latency(summary.duration_seconds) +
           (summary.deadline_reached ? "; the deadline came before all were checked" : "");
}

int severity(const HealthResult& result) {
    constexpr std::array<std::string_view, 4> worst_first{"unhealthy", "busy", "skipped",
                                                          "healthy"};
    // What a later agent says stands before what is well.
    const auto* const found = std::find(worst_first.begin(), worst_first.end(), result.state);
    return found == worst_first.end() ? 2 : static_cast<int>(found - worst_first.begin());
}

std::vector<HealthResult> sick_first(std::vector<HealthResult> results) {
    std::stable_sort(results.begin(), results.end(),
                     [](const HealthResult& left, const HealthResult& right) {
                         return severity(left) < severity(right);
                     });
    return results;
}

// Cut at the terminal's edge: a line that wraps would push the first ones out of sight.
std::string clipped(std::string_view lines, const Terminal& terminal) {
    std::string text;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        text += shorten_painted(lines.substr(0, end), terminal.columns) + "\n";
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return text;
}

} // namespace

std::string health_table(const HealthReport& report, const Terminal& terminal, TimePoint now) {
    std::string text = rows(report.results, terminal, now) + "\n";
    const auto lines = details(report.results);
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text + (lines.empty() ? "" : "\n") + sum(report.summary) + "\n";
}

std::string health_screen(const HealthReport& report, const Terminal& terminal,
                          const std::string& time, TimePoint now) {
    // The first line, the line behind it, the table's titles, and the one where the cursor stays.
    constexpr std::size_t fixed_lines = 4;
    const std::size_t room = terminal.rows > fixed_lines + 2 ? terminal.rows - fixed_lines : 2;
    const std::vector<HealthResult> all = sick_first(report.results);
    std::vector<std::string> lines = details(all);
    // An empty line, and a third of the rest.
    lines.resize(std::min(lines.size(), room / 3));
    const std::size_t for_rows = room - (lines.empty() ? 0 : lines.size() + 1);
    const bool all_fit = all.size() <= for_rows;
    const std::size_t shown = all_fit ? all.size() : for_rows - 1;
    const auto cut = all.begin() + static_cast<std::ptrdiff_t>(shown);
    std::string text = time + "  " + sum(report.summary) + "\n\n" +
                       rows(std::vector<HealthResult>(all.begin(), cut), terminal, now);
    if (!all_fit) {
        const auto well = std::count_if(
            cut, all.end(), [](const HealthResult& result) { return result.is_healthy(); });
        text += "and " + std::to_string(all.size() - shown) + " more, " + std::to_string(well) +
                " of them healthy\n";
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        text += (i == 0 ? "\n" : "") + lines[i] + "\n";
    }
    return clipped(text, terminal);
}

} // namespace gangway::command
