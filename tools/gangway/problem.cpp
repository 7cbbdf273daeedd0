#include "problem.hpp"

#include "json_text.hpp"
#include "printable.hpp"

#include <boost/beast/core/string.hpp>

namespace gangway::command {

namespace http = boost::beast::http;

bool is_gangway_error(const ResponseHeader& header) {
    if (header.find("X-Gangway-Route") != header.end()) {
        return false;
    }
    const auto type = header[http::field::content_type];
    const std::string_view media_type =
        std::string_view(type.data(), type.size()).substr(0, type.find_first_of("; \t"));
    return boost::beast::iequals(media_type, "application/problem+json");
}

std::string gangway_error_code(const ResponseHeader& header) {
    const auto code = header["X-Gangway-Error"];
    return code.empty() ? "HTTP " + std::to_string(header.result_int())
                        : printable(std::string_view(code.data(), code.size()));
}

ExitCode exit_code_for_status(unsigned status) {
    return status == 401 || status == 403 ? ExitCode::unauthorized : ExitCode::bad_answer;
}

Failure problem_failure(unsigned status, std::string_view document, bool sent_credentials) {
    const Json::Value problem = parse_json(document).value_or(Json::Value());
    const std::string code = printable(json_text(json_member(problem, "code")));
    std::string detail = printable(json_text(json_member(problem, "detail")));
    if (detail.empty()) {
        detail = printable(json_text(json_member(problem, "title")));
    }
    std::string message = code.empty() ? "HTTP " + std::to_string(status) : code;
    if (!detail.empty()) {
        message += ": " + detail;
    }
    if (status == 401) {
        message += sent_credentials
                       ? "\nThe agent does not know the password that was sent."
                       : "\nRun it as root or as the application's user, or give the password of "
                         "the process in GANGWAY_PASSWORD.";
    }
    return {exit_code_for_status(status), message};
}

} // namespace gangway::command
