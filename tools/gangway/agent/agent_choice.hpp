// Which agent is meant, and what the user proves his right with.
#pragma once

#include <string>

namespace gangway::command {

struct AgentChoice {
    std::string socket;    // --socket; empty: find the instance
    std::string instance;  // --instance: a name or the unique beginning of one
    std::string core_user; // --core-user: trusted besides root and oneself
    std::string password;  // --password, or $GANGWAY_PASSWORD
};

} // namespace gangway::command
