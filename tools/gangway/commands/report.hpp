// What is said on standard error: for people in words, under --json in lines of JSON.
#pragma once

#include "gangway/base/exit_code.hpp"

#include <string>
#include <string_view>

namespace gangway::command {

// "gangway: …", or {"error":{"code","exit_code","message","problem"}}: the code is the agent's,
// where it is about an error of its own, else a word for the exit code; "problem" is the agent's
// document, or null.
[[nodiscard]] std::string failure_text(const Failure& failure, bool json);

void report_failure(const Failure& failure, bool json);

// "gangway: …", or {"note":…}: nothing that fails.
void report_note(std::string_view text, bool json);

} // namespace gangway::command
