// Asks the agent for the health of processes, once.
#pragma once

#include "gangway/client/credentials.hpp"
#include "gangway/client/endpoint.hpp"
#include "gangway/commands/health/options.hpp"
#include "gangway/commands/health/report.hpp"

#include <chrono>

namespace gangway::command {

struct HealthRequest {
    const HealthOptions& options;
    const Credentials& credentials;
    std::chrono::milliseconds longest{60'000}; // for all of it
    // What the agent gets less than that for its checks; nothing: what the options say.
    std::optional<std::chrono::milliseconds> held_back{};
    bool wants_groups = false; // the report's queue and cannot_start, too
};

// The results in the pool's order; behind them, as unhealthy, processes that were named and are not
// there. Shows the progress where that is slow. Throws Failure for anything but a whole report, and
// after Ctrl-C.
[[nodiscard]] HealthReport check_health(const Endpoint& endpoint, const HealthRequest& request);

} // namespace gangway::command
