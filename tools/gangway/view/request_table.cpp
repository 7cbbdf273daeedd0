#include "gangway/view/request_table.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/table.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace gangway::command {

namespace {

constexpr std::size_t most_columns = 40; // for what a visitor chooses, beside the URL

double number_of(const Json::Value& value) {
    return value.isNumeric() ? value.asDouble() : -1;
}

std::string age_of(const Json::Value& row) {
    return column_duration(number_of(json_member(row, "age_seconds")));
}

std::string bytes_of(const Json::Value& row, const char* field) {
    const Json::Value& value = json_member(row, field);
    return value.isUInt64() ? column_bytes(value.asUInt64()) : "-";
}

Colour colour_of(const std::string& state) {
    return state == "queued" ? Colour::yellow : Colour::none;
}

std::string counted(std::size_t count, const char* one, const char* several) {
    return std::to_string(count) + " " + (count == 1 ? one : several);
}

// "4 requests: 3 at 3 workers, 1 queued (oldest 3.0s)"
std::string sum_of(const Json::Value& document, const Json::Value& rows) {
    std::set<std::string> workers;
    std::size_t at_workers = 0;
    std::size_t queued = 0;
    std::string oldest_queued;
    for (const Json::Value& row : rows) {
        if (json_member(row, "pid").isIntegral()) {
            at_workers++;
            workers.insert(json_text(json_member(row, "gupid")));
        } else if (json_text(json_member(row, "state")) == "queued") {
            oldest_queued = queued++ == 0 ? age_of(row) : oldest_queued;
        }
    }
    std::string text = counted(rows.size(), "request", "requests");
    if (!rows.empty()) {
        text += ": " + std::to_string(at_workers) + " at " +
                counted(workers.size(), "worker", "workers") + ", " + std::to_string(queued) +
                " queued" + (queued > 0 ? " (oldest " + oldest_queued + ")" : "");
    }
    const Json::Value& beyond = json_member(document, "beyond_limit");
    if (beyond.isUInt64() && beyond.asUInt64() > 0) {
        text += "; " + json_text(beyond) + " more, younger ones, are beyond the limit";
    }
    text += "\n";
    for (const Json::Value& stuck : json_member(document, "stuck_controllers")) {
        text += "controller " + printable(json_text(json_member(stuck, "controller"))) +
                " of Passenger does not answer since " +
                printable(json_text(json_member(stuck, "since"))) +
                ": its requests are not here, and it serves nobody\n";
    }
    const Json::Value& complete = json_member(document, "complete");
    if (complete.isBool() && !complete.asBool() &&
        json_member(document, "stuck_controllers").empty()) {
        text += "there are more requests than were looked at\n";
    }
    return text;
}

} // namespace

std::string request_method(const Json::Value& row) {
    return printable(json_text(json_member(row, "method")));
}

std::string request_url(const Json::Value& row) {
    std::string url = printable(json_text(json_member(row, "path")));
    const Json::Value& query = json_member(row, "query");
    if (query.isString()) {
        return url + "?" + printable(query.asString());
    }
    const Json::Value& has_query = json_member(row, "has_query");
    return has_query.isBool() && has_query.asBool() ? url + "?…" : url;
}

std::string request_table(const Json::Value& document, const Terminal& terminal,
                          std::size_t lines) {
    const Json::Value& member = json_member(document, "requests");
    const Json::Value& rows = member.isArray() ? member : Json::Value::nullSingleton();
    const std::string sum = sum_of(document, rows);
    Table table({{"AGE", Align::right},
                 {"PID", Align::right},
                 {"STATE"},
                 {"METHOD"},
                 {"URL", Align::left, true},
                 {"CLIENT"},
                 {"VIA"},
                 {"HOST"},
                 {"SENT", Align::right}});
    // The titles, and what is more.
    const auto others = static_cast<std::size_t>(std::count(sum.begin(), sum.end(), '\n')) + 2;
    const std::size_t shown =
        std::min<std::size_t>(rows.size(), lines > others ? lines - others : 1);
    for (Json::ArrayIndex index = 0; index < shown; index++) {
        const Json::Value& row = rows[index];
        const std::string state = process_value(row, "state");
        table.add_row({age_of(row),
                       process_value(row, "pid"),
                       {state, colour_of(state)},
                       request_method(row),
                       request_url(row),
                       shorten_end(process_value(row, "client"), most_columns),
                       process_value(row, "via"),
                       shorten_end(process_value(row, "host"), most_columns),
                       bytes_of(row, "sent_bytes")});
    }
    std::string text = rows.empty() ? "" : table.render(terminal);
    if (shown < rows.size()) {
        text += "and " + std::to_string(rows.size() - shown) + " more, younger ones\n";
    }
    return text + sum;
}

} // namespace gangway::command
