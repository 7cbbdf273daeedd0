// The health of processes for people. Pure.
#pragma once

#include "gangway/commands/health/report.hpp"
#include "gangway/view/terminal.hpp"

#include <chrono>
#include <string>

namespace gangway::command {

// A row for each process, below it what there is to say of those that are not healthy, each
// sentence once, and how many are. `now`: what the time for which one is busy is counted to.
[[nodiscard]] std::string
health_table(const HealthReport& report, const Terminal& terminal,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

// As much of it as the terminal's screen has room for, the sick ones first, under a line with the
// time and the sum.
[[nodiscard]] std::string
health_screen(const HealthReport& report, const Terminal& terminal, const std::string& time,
              std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

} // namespace gangway::command
