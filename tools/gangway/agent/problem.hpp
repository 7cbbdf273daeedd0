// Errors of Gangway's own: problem documents (RFC 9457) become the command's message and exit code.
#pragma once

#include "gangway/agent/own_words.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/client/response_header.hpp"

#include <json/value.h>

#include <string>
#include <string_view>
#include <utility>

namespace gangway::command {

// Told from an application's answer by its media type and the missing X-Gangway-Route.
[[nodiscard]] bool is_gangway_error(const ResponseHeader& header);

// Every answer that comes from a process says by which route.
[[nodiscard]] bool is_of_process(const ResponseHeader& header);

// The code of an error of Gangway's own; "HTTP 503" where the answer names none.
[[nodiscard]] std::string gangway_error_code(const ResponseHeader& header);

[[nodiscard]] ExitCode exit_code_for_status(unsigned status);

// What the agent has against a request.
class ProblemFailure : public Failure {
  public:
    ProblemFailure(ExitCode code, const std::string& message, Json::Value problem)
        : Failure(code, message), problem_(std::move(problem)) {}

    // As the agent has sent it, for programs; null where it was no JSON object.
    [[nodiscard]] const Json::Value& problem() const noexcept { return problem_; }

  private:
    Json::Value problem_;
};

// "CODE: " and what the document says, in the words of the command line; where it has none (the
// answer to HEAD), the status speaks.
[[nodiscard]] ProblemFailure problem_failure(unsigned status, std::string_view document,
                                             const Asked& asked);

// The same where the command line alone can be at fault for HTTP 400: then it is wrong usage.
[[nodiscard]] ProblemFailure asked_wrongly(const ProblemFailure& failure, unsigned status);

// For a status that neither Gangway nor a process has sent.
[[nodiscard]] Failure strange_answer(unsigned status);

} // namespace gangway::command
