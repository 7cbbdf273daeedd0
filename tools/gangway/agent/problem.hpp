// Errors of Gangway's own: problem documents (RFC 9457) become the command's message and exit code.
#pragma once

#include "gangway/base/exit_code.hpp"
#include "gangway/client/response_header.hpp"

#include <string>
#include <string_view>

namespace gangway::command {

// Told from an application's answer by its media type and the missing X-Gangway-Route.
[[nodiscard]] bool is_gangway_error(const ResponseHeader& header);

// Every answer that comes from a process says by which route.
[[nodiscard]] bool is_of_process(const ResponseHeader& header);

// The code of an error of Gangway's own; "HTTP 503" where the answer names none.
[[nodiscard]] std::string gangway_error_code(const ResponseHeader& header);

[[nodiscard]] ExitCode exit_code_for_status(unsigned status);

// "CODE: detail" of the document; where it has none (the answer to HEAD), the status speaks.
// `refused`: what to add to a 401.
[[nodiscard]] Failure problem_failure(unsigned status, std::string_view document,
                                      std::string_view refused);

// The same where the command line alone can be at fault for HTTP 400: then it is wrong usage.
[[nodiscard]] Failure asked_wrongly(const Failure& failure, unsigned status);

// For a status that neither Gangway nor a process has sent.
[[nodiscard]] Failure strange_answer(unsigned status);

} // namespace gangway::command
