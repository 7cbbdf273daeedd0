// All about one process, for the page of 'gangway top' that Enter opens. Pure.
#pragma once

#include "gangway/view/terminal.hpp"

#include <json/value.h>

#include <string>

namespace gangway::command {

// process: GET /v1/processes/{id}; requests: GET /v1/requests?process={id}; health: GET /v1/health.
// What is null is not known. In lines.
[[nodiscard]] std::string process_detail(const Json::Value& process, const Json::Value& requests,
                                         const Json::Value& health, const Terminal& terminal);

} // namespace gangway::command
