// The options that every subcommand takes.
#pragma once

#include <string>

namespace gangway::command {

struct GlobalOptions {
    std::string socket;   // --socket; empty: find the instance
    std::string instance; // --instance: a name or the unique beginning of one
    std::string password; // --password, or $GANGWAY_PASSWORD
    bool json = false;    // --json
};

} // namespace gangway::command
