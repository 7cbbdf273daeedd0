// What the command proves its right with, of what there is.
#pragma once

#include "gangway/client/credentials.hpp"
#include "gangway/client/endpoint.hpp"

#include <sys/types.h>

#include <string>

namespace gangway::command {

enum class Purpose {
    list,    // ps, show: the read-only account suffices
    forward, // request: it needs the full account
};

// The given password. Else none for root and the owner of the instance's directory: they may do
// everything by their uid, and a wrong password in the instance's file would lock them out. Else
// the account whose password file this user may read; else none.
[[nodiscard]] Credentials choose_credentials(const std::string& password, const Endpoint& endpoint,
                                             Purpose purpose, uid_t user);

} // namespace gangway::command
