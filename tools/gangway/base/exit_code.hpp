// How the command ends: the documented exit codes, and the one exception that carries them to
// main().
#pragma once

#include <stdexcept>
#include <string>

namespace gangway::command {

enum class ExitCode : int {
    ok = 0,
    bad_answer = 1,   // HTTP >= 400 with --fail, an error of Gangway's, a broken answer, a bad file
    usage = 2,        // the command line itself
    unreachable = 3,  // no instance, no socket, nobody who answers on it, or not Gangway
    unauthorized = 4, // 401, 403, or no permission to connect to the socket
    no_output = 5,    // the output cannot be written: says nothing of the answer
    interrupted = 130, // Ctrl-C, as a shell counts it
};

// Thrown where the command cannot go on. what() is shown to the user after "gangway: "; it may have
// several lines and holds no control characters other than line feeds.
class Failure : public std::runtime_error {
  public:
    Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

    [[nodiscard]] ExitCode code() const noexcept { return code_; }

  private:
    ExitCode code_;
};

} // namespace gangway::command
