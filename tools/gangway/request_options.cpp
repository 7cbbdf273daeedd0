#include "request_options.hpp"

#include "exit_code.hpp"
#include "printable.hpp"
#include "request_arguments.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace gangway::command {

namespace {

std::vector<HeaderArgument> parse_headers(const std::vector<std::string>& arguments) {
    std::vector<HeaderArgument> headers;
    for (const std::string& argument : arguments) {
        auto parsed = parse_header_argument(argument);
        if (const auto* fault = std::get_if<std::string>(&parsed)) {
            throw Failure(ExitCode::usage, *fault);
        }
        const auto& header = std::get<HeaderArgument>(parsed);
        if (boost::beast::iequals(header.name, "Content-Length") ||
            boost::beast::iequals(header.name, "Transfer-Encoding")) {
            throw Failure(ExitCode::usage,
                          header.name + " is set by the command itself: by a file's size, or "
                                        "chunked for a body from standard input");
        }
        headers.push_back(header);
    }
    return headers;
}

void add_seconds(RequestHead& head, const char* name, const std::optional<double>& seconds) {
    if (!seconds) {
        return;
    }
    const auto value = seconds_for_header(*seconds);
    if (!value) {
        throw Failure(ExitCode::usage, std::string(name) + " must be a number of seconds");
    }
    head.steering.emplace_back(name, *value);
}

} // namespace

std::string request_method(const RequestOptions& options) {
    if (!options.method.empty()) {
        return options.method;
    }
    if (options.head) {
        return "HEAD";
    }
    if (options.upload_file) {
        return "PUT";
    }
    return options.data.empty() ? "GET" : "POST";
}

std::unique_ptr<RequestBody> request_body(const RequestOptions& options) {
    if (options.upload_file) {
        return upload_body(*options.upload_file);
    }
    return options.data.empty() ? nullptr : data_body(options.data);
}

RequestHead request_head(const RequestOptions& options) {
    for (const auto& fault : {fault_of_process_id(options.id), fault_of_path(options.path)}) {
        if (fault) {
            throw Failure(ExitCode::usage, *fault);
        }
    }
    RequestHead head;
    head.method = request_method(options);
    if (!is_token(head.method)) {
        throw Failure(ExitCode::usage, "'" + printable(head.method) + "' is no HTTP method");
    }
    head.target = "/v1/processes/" + options.id + "/request" + options.path;
    if (!options.data.empty()) {
        head.default_content_type = "application/x-www-form-urlencoded";
    }
    head.user_headers = parse_headers(options.headers);
    if (!options.route.empty()) {
        head.steering.emplace_back("X-Gangway-Route", options.route);
    }
    add_seconds(head, "X-Gangway-Wait", options.wait_seconds);
    add_seconds(head, "X-Gangway-Timeout", options.timeout_seconds);
    return head;
}

} // namespace gangway::command
