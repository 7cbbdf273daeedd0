#include "gangway/agent/problem.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"

#include "message/fields.hpp"

namespace gangway::command {

namespace http = boost::beast::http;

namespace {

// What the operator of the command can do, beyond what the agent says to every client.
std::string_view advice_for(std::string_view code, const Asked& asked) {
    if (!asked.is_forwarded) {
        return "";
    }
    if (code == "first_byte_timeout" || code == "idle_timeout" || code == "total_timeout") {
        return "\nThe process may be at it still, though Passenger takes it for idle: look at "
               "what it does before you send more (gdb, py-spy, a thread dump).";
    }
    if (code == "body_too_large") {
        return "\nA body from a file has a length that is known: save it, and give it by -T FILE "
               "or --data-binary @FILE.";
    }
    return "";
}

} // namespace

bool is_of_process(const ResponseHeader& header) {
    return header.find("X-Gangway-Route") != header.end();
}

bool is_gangway_error(const ResponseHeader& header) {
    if (is_of_process(header)) {
        return false;
    }
    const auto type = header[http::field::content_type];
    const std::string_view media_type =
        std::string_view(type.data(), type.size()).substr(0, type.find_first_of("; \t"));
    return message::same_token(media_type, "application/problem+json");
}

std::string gangway_error_code(const ResponseHeader& header) {
    const auto code = header["X-Gangway-Error"];
    return code.empty() ? "HTTP " + std::to_string(header.result_int())
                        : printable(std::string_view(code.data(), code.size()));
}

ExitCode exit_code_for_status(unsigned status) {
    return status == 401 || status == 403 ? ExitCode::unauthorized : ExitCode::bad_answer;
}

ProblemFailure problem_failure(unsigned status, std::string_view document, const Asked& asked) {
    Json::Value problem = parse_json(document).value_or(Json::Value());
    const std::string code = printable(json_text(json_member(problem, "code")));
    const std::string text = problem_text(problem, asked);
    std::string message = code.empty() ? "HTTP " + std::to_string(status) : code;
    if (!text.empty()) {
        message += ": " + text;
    }
    if (status == 401 && !asked.refused.empty()) {
        message.append("\n").append(asked.refused);
    }
    message += advice_for(code, asked);
    return {exit_code_for_status(status), message,
            problem.isObject() ? std::move(problem) : Json::Value()};
}

ProblemFailure asked_wrongly(const ProblemFailure& failure, unsigned status) {
    return {status == 400 ? ExitCode::usage : failure.code(), failure.what(), failure.problem()};
}

Failure strange_answer(unsigned status) {
    return {ExitCode::unreachable, "the answer (HTTP " + std::to_string(status) +
                                       ") is not Gangway's; is this its socket?"};
}

} // namespace gangway::command
