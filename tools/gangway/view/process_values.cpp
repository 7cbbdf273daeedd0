#include "gangway/view/process_values.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/served_requests.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace gangway::command {

namespace {

constexpr std::array<std::string_view, 35> documented_fields{"pid",
                                                             "gupid",
                                                             "group",
                                                             "state",
                                                             "life_status",
                                                             "enabled",
                                                             "concurrency",
                                                             "sessions",
                                                             "processed",
                                                             "busyness",
                                                             "busy_since",
                                                             "requests",
                                                             "os_state",
                                                             "routes",
                                                             "sticky_session_id",
                                                             "spawner_creation_time",
                                                             "spawn_start_time",
                                                             "spawn_end_time",
                                                             "last_used",
                                                             "uptime_seconds",
                                                             "idle_seconds",
                                                             "code_revision",
                                                             "cpu_percent",
                                                             "rss_bytes",
                                                             "pss_bytes",
                                                             "private_dirty_bytes",
                                                             "swap_bytes",
                                                             "real_memory_bytes",
                                                             "vmsize_bytes",
                                                             "process_group_id",
                                                             "command",
                                                             "sockets",
                                                             "health",
                                                             "password",
                                                             "process_password"};

std::string percent(double value) {
    const bool whole = value == std::floor(value) && std::abs(value) < 1e9;
    return (whole ? std::to_string(std::llround(value))
                  : std::to_string(std::llround(value * 10) / 10) + "." +
                        std::to_string(std::abs(std::llround(value * 10) % 10))) +
           "%";
}

std::string list(const Json::Value& values) {
    std::string text;
    for (const Json::Value& value : values) {
        text += (text.empty() ? "" : ", ") + printable(json_text(value));
    }
    return text.empty() ? "none" : text;
}

// "GET /hang from 203.0.113.9, POST /cart through Gangway"
std::string requests(const Json::Value& array) {
    std::string text;
    for (const ServedRequest& request : served_requests(array)) {
        text += (text.empty() ? "" : ", ") + describe({&request, 1}, 1);
    }
    return text.empty() ? "none" : text;
}

// "unhealthy since 2026-11-25T09:18:00Z, reset"
std::string health(const Json::Value& value) {
    std::string text =
        json_text(json_member(value, "state")) + " since " + json_text(json_member(value, "since"));
    const std::string reason = json_text(json_member(value, "reason"));
    return printable(reason.empty() ? text : text + ", " + reason);
}

} // namespace

std::span<const std::string_view> documented_process_fields() {
    return documented_fields;
}

std::string process_value(const Json::Value& row, const std::string& field) {
    const Json::Value& value = json_member(row, field.c_str());
    if (field == "requests" && value.isArray()) {
        return requests(value);
    }
    if (value.isArray()) {
        return list(value);
    }
    if (field == "health" && value.isObject()) {
        return health(value);
    }
    if (value.isNumeric() && field.ends_with("_seconds")) {
        return human_duration(value.asDouble());
    }
    if (value.isUInt64() && field.ends_with("_bytes")) {
        return human_bytes(value.asUInt64());
    }
    if (value.isNumeric() && field.ends_with("_percent")) {
        return percent(value.asDouble());
    }
    const std::string text = printable(json_text(value));
    return text.empty() ? "-" : text;
}

std::vector<std::string> process_fields(const Json::Value& row) {
    std::vector<std::string> fields;
    if (!row.isObject()) {
        return fields;
    }
    for (const std::string_view field : documented_fields) {
        if (row.isMember(field.data(), field.data() + field.size())) {
            fields.emplace_back(field);
        }
    }
    for (const std::string& member : row.getMemberNames()) {
        if (std::find(documented_fields.begin(), documented_fields.end(),
                      std::string_view(member)) == documented_fields.end()) {
            fields.push_back(member);
        }
    }
    return fields;
}

} // namespace gangway::command
