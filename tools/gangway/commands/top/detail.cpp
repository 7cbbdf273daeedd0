#include "gangway/commands/top/detail.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/process_text.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/request_table.hpp"
#include "gangway/view/table.hpp"

namespace gangway::command {

namespace {

// Of the process, as continuous checks have it; null where it is not checked.
const Json::Value& watched(const Json::Value& health, const Json::Value& process) {
    const std::string gupid = json_text(json_member(process, "gupid"));
    for (const Json::Value& row : json_member(health, "processes")) {
        if (json_text(json_member(row, "gupid")) == gupid) {
            return row;
        }
    }
    return Json::Value::nullSingleton();
}

std::string history_of(const Json::Value& row, const Terminal& terminal) {
    Table table(
        {{"CHECKED"}, {"STATE"}, {"REASON"}, {"STATUS", Align::right}, {"LATENCY", Align::right}});
    for (const Json::Value& check : json_member(row, "history")) {
        const Json::Value& latency = json_member(check, "latency_seconds");
        table.add_row({process_value(check, "checked_at"), process_value(check, "state"),
                       process_value(check, "reason"), process_value(check, "status"),
                       latency.isNumeric() ? human_latency(latency.asDouble()) : "-"});
    }
    return table.render(terminal);
}

} // namespace

std::string process_detail(const Json::Value& process, const Json::Value& requests,
                           const Json::Value& health, const Terminal& terminal) {
    const Json::Value& row = json_member(process, "process");
    if (!row.isObject()) {
        return process.isNull() ? "looking ...\n" : "there is no such process any more\n";
    }
    std::string text;
    if (requests.isObject()) {
        text += request_table(requests, terminal, SIZE_MAX) + "\n";
    }
    const Json::Value& watch = watched(health, row);
    text += watch.isObject() ? history_of(watch, terminal) : "it is not checked by itself\n";
    return text + "\n" + process_text(row);
}

} // namespace gangway::command
