// What a subcommand and the command line share.
#pragma once

#include "gangway/base/exit_code.hpp"
#include "gangway/commands/global_options.hpp"

#include <functional>

namespace CLI {
class App;
} // namespace CLI

namespace gangway::command {

// Set by the subcommand that was chosen; run once the whole command line has been checked.
using Action = std::function<ExitCode()>;

// Ends every help text.
inline constexpr const char* exit_codes_help =
    "Exit codes:\n"
    "  0  fine\n"
    "  1  the answer is bad: an error of Gangway's, a broken answer, HTTP >= 400 with --fail or\n"
    "     --fail-with-body, a file that is wrong\n"
    "  2  wrong usage\n"
    "  3  the agent cannot be reached: no instance, no socket, no answer, or it has ended before\n"
    "     its answer was whole\n"
    "  4  not authorized: by the agent, or not permitted by the system\n"
    "  5  the output cannot be written\n"
    "130  ended by Ctrl-C";

} // namespace gangway::command
