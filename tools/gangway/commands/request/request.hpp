// gangway request ID PATH: sends a request to one process and shows its answer.
#pragma once

#include "gangway/commands/subcommand.hpp"

namespace gangway::command {

// Both references must outlive the parsing and the action.
void add_request_command(CLI::App& app, const GlobalOptions& options, Action& action);

} // namespace gangway::command
