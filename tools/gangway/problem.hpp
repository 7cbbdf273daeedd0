// Errors of Gangway's own: problem documents (RFC 9457) become the command's message and exit code.
#pragma once

#include "exit_code.hpp"
#include "response_header.hpp"

#include <string>
#include <string_view>

namespace gangway::command {

// Told from an application's answer by its media type and the missing X-Gangway-Route.
[[nodiscard]] bool is_gangway_error(const ResponseHeader& header);

// The code of an error of Gangway's own; "HTTP 503" where the answer names none.
[[nodiscard]] std::string gangway_error_code(const ResponseHeader& header);

[[nodiscard]] ExitCode exit_code_for_status(unsigned status);

// "CODE: detail" of the document; where it has none (the answer to HEAD), the status speaks.
// `sent_credentials`: what to try next differs for one who sent none.
[[nodiscard]] Failure problem_failure(unsigned status, std::string_view document,
                                      bool sent_credentials);

} // namespace gangway::command
