// Asks the agent for the health of processes, once.
#pragma once

#include "gangway/client/credentials.hpp"
#include "gangway/client/endpoint.hpp"
#include "gangway/commands/health/report.hpp"

#include <chrono>
#include <string>

namespace gangway::command {

struct HealthRequest {
    std::string body; // JSON, for POST /v1/health
    Credentials credentials;
    std::chrono::milliseconds longest{60'000}; // for all of it
};

// Shows the progress where that is slow. Throws Failure for anything but a whole report, and after
// Ctrl-C.
[[nodiscard]] HealthReport check_health(const Endpoint& endpoint, const HealthRequest& request);

} // namespace gangway::command
