// The accounts of the agent's API server, which open Gangway too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/authorization.hpp"
#include "text/fault.hpp"

namespace gangway::admin {

// Reads "api_server_authorizations" of the agent's configuration, where the watchdog puts `admin`
// and `ro_admin` (Passenger: Watchdog/WatchdogMain.cpp, Shared/ApiAccountUtils.h). Each entry is
// either
// "[LEVEL]:USERNAME:PASSWORDFILE" or an object with username, password or password_file, and level.
// Reads the password files; blocks on them. An empty list means that no account is valid.
// On failure: one line that says which account is unusable, and no password.
OrFault<std::vector<Account>> load_accounts(std::string_view agent_config);

} // namespace gangway::admin
