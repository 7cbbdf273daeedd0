// The health of processes for Nagios, Icinga and others: one line and an exit code, as the
// Monitoring Plugins guidelines have them. Pure.
#pragma once

#include "gangway/commands/health/report.hpp"

#include <string>
#include <string_view>

namespace gangway::command {

// The values are the exit codes.
enum class PluginState : int {
    ok = 0,       // all are healthy
    warning = 1,  // some are busy or were skipped, none is unhealthy
    critical = 2, // some are unhealthy
    unknown = 3,  // nothing was checked
};

[[nodiscard]] PluginState plugin_state(const HealthSummary& summary);

// "CRITICAL - 3 of 4 healthy, 1 unhealthy: 20391 refused: … | healthy=3;;1:;0;4 …" with a line
// feed. What is wrong comes worst first and is cut; '|' in it, which ends the text, becomes '/'.
[[nodiscard]] std::string plugin_line(const HealthReport& report);

// "UNKNOWN - …" for a check that came to nothing. Several lines of text become one.
[[nodiscard]] std::string plugin_unknown_line(std::string_view text);

} // namespace gangway::command
