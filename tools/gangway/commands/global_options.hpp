// The options that every subcommand takes.
#pragma once

#include "gangway/agent/agent_choice.hpp"

namespace gangway::command {

struct GlobalOptions {
    AgentChoice agent;
    bool json = false; // --json
};

} // namespace gangway::command
