// The health of processes for Nagios, Icinga and others: one line and an exit code, as the
// Monitoring Plugins guidelines have them. Pure.
#pragma once

#include "gangway/commands/health/report.hpp"
#include "gangway/commands/health/thresholds.hpp"

#include <string>
#include <string_view>

namespace gangway::command {

// The values are the exit codes.
enum class PluginState : int {
    ok = 0,       // no range is broken
    warning = 1,  // one of a warning is
    critical = 2, // one of those that are critical is
    unknown = 3,  // nothing was checked
};

// By the ranges alone, so that it never differs from what the performance data says.
[[nodiscard]] PluginState plugin_state(const HealthReport& report, const Thresholds& thresholds);

// "CRITICAL - 3 of 4 healthy, 1 unhealthy: 20391 refused: … | healthy=3;;1:;0;4 …" with a line
// feed. What is wrong comes worst first and is cut; '|' in it, which ends the text, becomes '/'.
[[nodiscard]] std::string plugin_line(const HealthReport& report, const Thresholds& thresholds);

// "UNKNOWN - …" for a check that came to nothing. Several lines of text become one.
[[nodiscard]] std::string plugin_unknown_line(std::string_view text);

} // namespace gangway::command
