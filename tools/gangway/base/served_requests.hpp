// The requests that a process serves, as the agent tells them of a busy one and in its row.
#pragma once

#include "text/served_request.hpp"

#include <json/value.h>

#include <cstdint>
#include <vector>

namespace gangway::command {

// Of an array of them; what is none is left out.
[[nodiscard]] std::vector<ServedRequest> served_requests(const Json::Value& array);

} // namespace gangway::command
