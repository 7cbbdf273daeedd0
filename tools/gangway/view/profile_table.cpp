#include "gangway/view/profile_table.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/table.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace gangway::command {

namespace {

double number_of(const Json::Value& row, const char* field) {
    const Json::Value& value = json_member(row, field);
    return value.isNumeric() ? value.asDouble() : 0;
}

std::string seconds_of(const Json::Value& row, const char* field) {
    return column_duration(number_of(row, field));
}

std::string fine_seconds_of(const Json::Value& row, const char* field) {
    const double seconds = number_of(row, field);
    return seconds < 1 ? fixed_decimal(seconds * 1000, seconds < 0.01 ? 1 : 0) + "ms"
                       : column_duration(seconds);
}

std::string named_route(const Json::Value& row) {
    return printable(json_text(json_member(row, "route")));
}

bool has_many_groups(const Json::Value& rows) {
    std::set<std::string> groups;
    for (const Json::Value& row : rows) {
        groups.insert(json_text(json_member(row, "group")));
    }
    return groups.size() > 1;
}

std::string counted(double count, const char* one, const char* several) {
    return fixed_decimal(count, 0) + " " + (count == 1 ? one : several);
}

// "1234 requests in 30s: workers were at them for 41s, 1.4 at a time; they waited for 12s."
std::string sum_of(const Json::Value& document) {
    const double time = number_of(document, "seconds");
    const double busy = number_of(document, "worker_seconds");
    std::string text = counted(number_of(document, "requests"), "request", "requests") + " in " +
                       column_duration(time) + ": workers were at them for " +
                       column_duration(busy) + ", " + fixed_decimal(time > 0 ? busy / time : 0, 1) +
                       " at a time; they waited in the queue for " +
                       column_duration(number_of(document, "queued_seconds")) + "\n";
    const double beyond = number_of(document, "beyond_limit");
    if (beyond > 0) {
        text += "and " + counted(beyond, "route", "routes") + " more (--limit)\n";
    }
    const double lost = number_of(document, "lost");
    if (lost > 0) {
        text += counted(lost, "request was", "requests were") +
                " not counted: there were too many at once\n";
    }
    return text;
}

// A frame of a stack: what parts frames, and stacks, is no part of it.
std::string frame(std::string text) {
    std::replace(text.begin(), text.end(), ';', ',');
    return text;
}

} // namespace

std::string profile_table(const Json::Value& document, const Terminal& terminal) {
    const Json::Value& rows = json_member(document, "routes");
    const bool with_group = has_many_groups(rows);
    std::vector<Column> columns{{"SHARE", Align::right},     {"BUSY", Align::right},
                                {"REQUESTS", Align::right},  {"MEAN", Align::right},
                                {"LONGEST", Align::right},   {"QUEUED", Align::right},
                                {"REFUSED", Align::right},   {"METHOD"},
                                {"ROUTE", Align::left, true}};
    if (with_group) {
        columns.push_back({"GROUP"});
    }
    Table table(std::move(columns));
    for (const Json::Value& row : rows) {
        std::vector<Cell> cells{{fixed_decimal(number_of(row, "share") * 100, 1) + "%"},
                                {seconds_of(row, "worker_seconds")},
                                {fixed_decimal(number_of(row, "requests"), 0)},
                                {fine_seconds_of(row, "mean_seconds")},
                                {fine_seconds_of(row, "longest_seconds")},
                                {fine_seconds_of(row, "queued_seconds")},
                                {fixed_decimal(number_of(row, "refused"), 0)},
                                {process_value(row, "method")},
                                {named_route(row)}};
        if (with_group) {
            cells.emplace_back(process_value(row, "group"));
        }
        table.add_row(std::move(cells));
    }
    return (rows.empty() ? "" : table.render(terminal)) + sum_of(document);
}

std::string folded_profile(const Json::Value& document) {
    std::string text;
    for (const Json::Value& row : json_member(document, "routes")) {
        const std::string method = printable(json_text(json_member(row, "method")));
        const std::string route = frame((method.empty() ? "" : method + " ") + named_route(row));
        const std::string group = frame(printable(json_text(json_member(row, "group"))));
        for (const Json::Value& worker : json_member(row, "workers")) {
            const double usec = std::round(number_of(worker, "worker_seconds") * 1e6);
            if (usec >= 1) {
                text.append(group).append(";worker ").append(process_value(worker, "pid"));
                text.append(";").append(route).append(" ").append(fixed_decimal(usec, 0));
                text += '\n';
            }
        }
    }
    return text;
}

} // namespace gangway::command
