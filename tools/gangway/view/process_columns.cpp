#include "gangway/view/process_columns.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/base/served_requests.hpp"
#include "gangway/view/process_values.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

namespace gangway::command {

namespace {

using Row = Json::Value;

double number_of(const Row& row, const char* field) {
    const Json::Value& value = json_member(row, field);
    return value.isNumeric() ? value.asDouble() : -1;
}

std::string or_dash(std::string text) {
    return text.empty() ? "-" : std::move(text);
}

std::string state_of(const Row& row) {
    const std::string_view trouble = os_trouble(row);
    return trouble.empty() ? process_value(row, "state") : std::string(trouble);
}

Cell state_cell(const Row& row, const Around& /*around*/) {
    const std::string state = state_of(row);
    if (state == "enabled") {
        return {state, Colour::green};
    }
    const bool is_on_its_way =
        state == "spawning" || state == "disabling" || state == "disabled" || state == "detached";
    return {state, is_on_its_way ? Colour::yellow : Colour::red};
}

Cell health_cell(const Row& row, const Around& /*around*/) {
    const std::string state =
        printable(json_text(json_member(json_member(row, "health"), "state")));
    Colour colour = state == "healthy" ? Colour::green : Colour::none;
    colour = state == "unhealthy" ? Colour::red : colour;
    return {or_dash(state), colour};
}

// Below 0: it is not busy, or that is not known.
double busy_seconds(const Row& row, const Around& around) {
    const auto since = parse_rfc3339(json_text(json_member(row, "busy_since")));
    if (!since || !around.taken_at) {
        return -1;
    }
    const std::chrono::duration<double> past = *around.taken_at - *since;
    return std::max(past.count(), 0.0); // The requests are looked at after the rest.
}

double rate_of(const Row& row, const Around& around) {
    const auto found = around.rates.find(json_text(json_member(row, "gupid")));
    if (found != around.rates.end()) {
        return found->second;
    }
    const double uptime = number_of(row, "uptime_seconds");
    const double processed = number_of(row, "processed");
    return processed < 0 ? -1 : processed / std::max(uptime, 1.0);
}

Cell rate_cell(const Row& row, const Around& around) {
    const double rate = rate_of(row, around);
    return rate < 0 ? Cell("-") : Cell(fixed_decimal(rate, rate < 9.95 ? 1 : 0));
}

// Nothing: not known yet.
std::optional<double> growth_of(const Row& row, const Around& around) {
    const auto found = around.growths.find(json_text(json_member(row, "gupid")));
    return found == around.growths.end() ? std::nullopt : std::optional(found->second);
}

// "+4.0M", "-812", "0"
Cell growth_cell(const Row& row, const Around& around) {
    const auto growth = growth_of(row, around);
    if (!growth) {
        return {"-"};
    }
    const char* sign = *growth < 0 ? "-" : "+";
    const auto bytes = static_cast<std::uint64_t>(std::min(std::abs(*growth), 1e18));
    return {bytes == 0 ? "0" : sign + column_bytes(bytes)};
}

// "GET /hang", and how many others: "GET /hang +2"
Cell now_cell(const Row& row, const Around& /*around*/) {
    if (os_trouble(row) == "STOPPED") {
        return {"(kill -CONT " + process_value(row, "pid") + ")", Colour::red};
    }
    const auto requests = served_requests(json_member(row, "requests"));
    if (requests.empty()) {
        return {"-"};
    }
    const auto others = number_of(row, "sessions") - 1;
    return printable(requests.front().method + " " + requests.front().path) +
           (others > 0 ? " +" + fixed_decimal(others, 0) : "");
}

std::string duration_or_dash(double seconds) {
    return seconds < 0 ? "-" : column_duration(seconds);
}

// A field of the row, as it is in a column.
std::string field_text(const Row& row, const std::string& field) {
    const Json::Value& value = json_member(row, field.c_str());
    if (value.isNumeric() && field.ends_with("_seconds")) {
        return column_duration(value.asDouble());
    }
    if (value.isUInt64() && field.ends_with("_bytes")) {
        return column_bytes(value.asUInt64());
    }
    return process_value(row, field);
}

SortKey field_key(const Row& row, const std::string& field) {
    const Json::Value& value = json_member(row, field.c_str());
    return value.isNumeric() ? SortKey(value.asDouble()) : SortKey(process_value(row, field));
}

ProcessColumn field_column(const std::string& name, const std::string& title,
                           const std::string& field, Align align) {
    return {name,
            {title, align},
            [field](const Row& row, const Around&) { return Cell(field_text(row, field)); },
            [field](const Row& row, const Around&) { return field_key(row, field); }};
}

std::vector<ProcessColumn> named_columns() {
    return {
        field_column("pid", "PID", "pid", Align::right),
        field_column("group", "GROUP", "group", Align::left),
        {"state",
         {"STATE"},
         state_cell,
         [](const Row& row, const Around&) { return SortKey(state_of(row)); }},
        {"health",
         {"HEALTH"},
         health_cell,
         [](const Row& row, const Around& around) {
             return SortKey(health_cell(row, around).text);
         }},
        field_column("sess", "SESS", "sessions", Align::right),
        {"busy",
         {"BUSY", Align::right},
         [](const Row& row, const Around& around) {
             return Cell(duration_or_dash(busy_seconds(row, around)));
         },
         [](const Row& row, const Around& around) { return SortKey(busy_seconds(row, around)); }},
        field_column("done", "DONE", "processed", Align::right),
        {"req/s",
         {"REQ/S", Align::right},
         rate_cell,
         [](const Row& row, const Around& around) { return SortKey(rate_of(row, around)); }},
        field_column("cpu", "CPU", "cpu_percent", Align::right),
        field_column("mem", "MEM", "real_memory_bytes", Align::right),
        {"growth",
         {"GROWTH/H", Align::right},
         growth_cell,
         [](const Row& row, const Around& around) {
             return SortKey(growth_of(row, around).value_or(0));
         }},
        field_column("up", "UP", "uptime_seconds", Align::right),
        {"now",
         {"NOW", Align::left, true},
         now_cell,
         [](const Row& row, const Around& around) { return SortKey(now_cell(row, around).text); }},
    };
}

bool is_number(std::string_view field) {
    constexpr std::array numbers{"concurrency", "sessions",         "processed",
                                 "busyness",    "process_group_id", "sticky_session_id"};
    return field.ends_with("_bytes") || field.ends_with("_seconds") ||
           field.ends_with("_percent") ||
           std::find(numbers.begin(), numbers.end(), field) != numbers.end();
}

} // namespace

std::optional<ProcessColumn> find_process_column(std::string_view name) {
    for (ProcessColumn& column : named_columns()) {
        if (column.name == name) {
            return std::move(column);
        }
    }
    const auto fields = documented_process_fields();
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
        return std::nullopt;
    }
    std::string title(name);
    std::transform(title.begin(), title.end(), title.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    const std::string field(name);
    return field_column(field, title, field, is_number(name) ? Align::right : Align::left);
}

std::string process_column_names() {
    std::string text;
    for (const ProcessColumn& column : named_columns()) {
        text += (text.empty() ? "" : ", ") + column.name;
    }
    return text + ", and the fields of 'gangway show'";
}

std::string_view os_trouble(const Json::Value& row) {
    const std::string state = json_text(json_member(row, "os_state"));
    if (state == "stopped") {
        return "STOPPED";
    }
    if (state == "traced") {
        return "TRACED";
    }
    return state == "zombie" || state == "gone" ? "DEAD" : "";
}

bool is_sick(const Json::Value& row) {
    const std::string_view trouble = os_trouble(row);
    return trouble == "STOPPED" || trouble == "DEAD" ||
           json_text(json_member(json_member(row, "health"), "state")) == "unhealthy";
}

void sort_processes(std::vector<const Json::Value*>& rows, const ProcessColumn& column,
                    bool descending, const Around& around) {
    std::vector<std::pair<SortKey, const Json::Value*>> keyed;
    keyed.reserve(rows.size());
    for (const Json::Value* row : rows) {
        keyed.emplace_back(column.key(*row, around), row);
    }
    std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
        return descending ? b.first < a.first : a.first < b.first;
    });
    std::transform(keyed.begin(), keyed.end(), rows.begin(),
                   [](const auto& pair) { return pair.second; });
}

} // namespace gangway::command
