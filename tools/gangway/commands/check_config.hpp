// gangway check-config: says what the agent would say about its configuration file.
#pragma once

#include "gangway/commands/subcommand.hpp"

namespace gangway::command {

// `action` must outlive the parsing and the action.
void add_check_config_command(CLI::App& app, const GlobalOptions& options, Action& action);

} // namespace gangway::command
