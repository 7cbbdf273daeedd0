// gangway requests: what every worker is doing, for whom, since when.
#pragma once

#include "gangway/commands/subcommand.hpp"

namespace gangway::command {

// Both references must outlive the parsing and the action.
void add_requests_command(CLI::App& app, const GlobalOptions& options, Action& action);

} // namespace gangway::command
