// What GET /v1/requests/profile answers (docs/api.md), for people and for flame graphs.
#pragma once

#include "gangway/view/terminal.hpp"

#include <json/value.h>

#include <string>

namespace gangway::command {

// The routes as a table, those that held workers longest first, and a line with totals.
[[nodiscard]] std::string profile_table(const Json::Value& document, const Terminal& terminal);

// A line a worker and route, "group;worker PID;METHOD route MICROSECONDS", as programs that draw
// flame graphs read them.
[[nodiscard]] std::string folded_profile(const Json::Value& document);

} // namespace gangway::command
