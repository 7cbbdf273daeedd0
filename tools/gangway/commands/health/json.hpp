// The health of processes for programs, as the agent writes it but for the order. Pure.
#pragma once

#include "gangway/commands/health/report.hpp"

#include <string>

namespace gangway::command {

// {"summary":…,"results":[…]}, in one line.
[[nodiscard]] std::string health_document(const HealthReport& report);

// {"result":…} for each process and then {"summary":…}, a line each.
[[nodiscard]] std::string health_lines(const HealthReport& report);

} // namespace gangway::command
