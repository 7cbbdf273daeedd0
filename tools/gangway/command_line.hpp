// The command line as a whole: parses it, runs the subcommand, reports failures.
#pragma once

namespace gangway::command {

// The process's exit code (exit_code.hpp).
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

} // namespace gangway::command
