// gangway instances: the Passenger instances that run here.
#pragma once

#include "gangway/commands/subcommand.hpp"

namespace gangway::command {

// Both references must outlive the parsing and the action.
void add_instances_command(CLI::App& app, const GlobalOptions& options, Action& action);

} // namespace gangway::command
