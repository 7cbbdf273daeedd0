// The health of processes for people. Pure.
#pragma once

#include "gangway/commands/health/report.hpp"
#include "gangway/view/terminal.hpp"

#include <string>

namespace gangway::command {

// A row for each process, below it a sentence for each that is not healthy, and how many are.
[[nodiscard]] std::string health_table(const HealthReport& report, const Terminal& terminal);

} // namespace gangway::command
