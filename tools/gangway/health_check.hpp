// Asks the agent for the health of processes, once.
#pragma once

#include "credentials.hpp"
#include "health_report.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace gangway::command {

struct HealthRequest {
    std::string body; // JSON, for POST /v1/health
    Credentials credentials;
    std::chrono::seconds silence_limit{60}; // how long the agent may say nothing
};

// Shows the progress where that is slow. Throws Failure for anything but a whole report, and after
// Ctrl-C.
[[nodiscard]] HealthReport check_health(const std::filesystem::path& socket,
                                        const HealthRequest& request);

} // namespace gangway::command
