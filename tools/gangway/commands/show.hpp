// gangway show ID: one process, everything about it.
#pragma once

#include "gangway/commands/subcommand.hpp"

namespace gangway::command {

// Both references must outlive the parsing and the action.
void add_show_command(CLI::App& app, const GlobalOptions& options, Action& action);

} // namespace gangway::command
