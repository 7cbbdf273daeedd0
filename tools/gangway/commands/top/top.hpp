// gangway top: the processes, live.
#pragma once

#include "gangway/commands/subcommand.hpp"

namespace gangway::command {

// Both references must outlive the parsing and the action.
void add_top_command(CLI::App& app, const GlobalOptions& options, Action& action);

} // namespace gangway::command
