// gangway health: asks each process whether it is well.
#pragma once

#include "gangway/commands/subcommand.hpp"

#include <string>
#include <string_view>

namespace gangway::command {

inline constexpr const char* health_command_name = "health";
inline constexpr std::string_view plugin_flag = "--nagios";

// Both references must outlive the parsing and the action.
void add_health_command(CLI::App& app, const GlobalOptions& options, Action& action);

// Says on standard output, where monitoring systems look, why a check came to nothing. Gives the
// exit code for that: 3, whatever else it is elsewhere.
[[nodiscard]] ExitCode report_to_monitoring(std::string_view fault);

} // namespace gangway::command
