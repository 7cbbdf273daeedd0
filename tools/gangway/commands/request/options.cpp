#include "gangway/commands/request/options.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/request_arguments.hpp"

#include "message/fields.hpp"

#include <algorithm>

namespace gangway::command {

namespace {

std::vector<HeaderArgument> parse_headers(const std::vector<std::string>& arguments) {
    std::vector<HeaderArgument> headers;
    for (const std::string& argument : arguments) {
        const auto parsed = parse_header_argument(argument);
        if (!parsed) {
            throw Failure(ExitCode::usage, parsed.error().text);
        }
        const HeaderArgument& header = *parsed;
        if (message::same_token(header.name, "Content-Length") ||
            message::same_token(header.name, "Transfer-Encoding")) {
            throw Failure(ExitCode::usage,
                          header.name + " is set by the command itself: by a file's size, or "
                                        "chunked for a body from standard input");
        }
        if (message::same_token(header.name, "Upgrade")) {
            throw Failure(ExitCode::usage, "the command carries no upgraded connections; connect a "
                                           "client of that protocol to the socket itself");
        }
        headers.push_back(header);
    }
    return headers;
}

void add_seconds(RequestHead& head, const char* header, const char* option,
                 const std::optional<double>& seconds) {
    if (!seconds) {
        return;
    }
    const auto value = seconds_for_header(*seconds);
    if (!value) {
        throw Failure(ExitCode::usage, std::string(option) + " must be a number of seconds");
    }
    head.steering.emplace_back(header, *value);
}

// What cannot be said together; nothing when all goes together.
std::optional<std::string> fault_of_combination(const RequestOptions& options) {
    if (options.answer.fail && options.answer.fail_with_body) {
        return "--fail shows no body for HTTP >= 400, and --fail-with-body does: leave out one";
    }
    if (!options.is_series()) {
        return options.concurrency > 1
                   ? std::optional<std::string>("--concurrency is for many requests: say how many "
                                                "with -n, such as -n 100")
                   : std::nullopt;
    }
    const bool shows_header = options.answer.include_header && !options.head;
    if (shows_header || !options.answer.output_file.empty() || options.verbose) {
        return "-i, -o and -v are about one answer, and with -n answers are counted only: leave "
               "out one or the other";
    }
    return std::nullopt;
}

} // namespace

std::vector<std::string> headers_without_cgi_name(const RequestHead& head) {
    std::vector<std::string> names;
    for (const HeaderArgument& header : head.user_headers) {
        const bool has_one = std::all_of(header.name.begin(), header.name.end(), [](char byte) {
            return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                   (byte >= 'A' && byte <= 'Z') || byte == '-';
        });
        if (!has_one && header.action == HeaderArgument::Action::send) {
            names.push_back(header.name);
        }
    }
    return names;
}

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
    std::unique_ptr<RequestBody> body;
    if (options.upload_file) {
        body = upload_body(*options.upload_file);
    } else if (!options.data.empty()) {
        body = data_body(options.data);
    }
    if (options.is_series() && body && !body->can_rewind()) {
        throw Failure(ExitCode::usage,
                      "with -n the body is sent again and again, and standard input or a pipe can "
                      "be read only once: save it to a file, and name that");
    }
    return body;
}

RequestHead request_head(const RequestOptions& options) {
    for (const auto& fault : {fault_of_process_id(options.id), fault_of_path(options.path),
                              fault_of_combination(options)}) {
        if (fault) {
            throw Failure(ExitCode::usage, *fault);
        }
    }
    RequestHead head;
    head.method = request_method(options);
    if (!is_token(head.method)) {
        throw Failure(ExitCode::usage,
                      "--request: '" + printable(head.method) + "' is no HTTP method");
    }
    head.target = "/v1/processes/" + options.id + "/request" + options.path;
    if (!options.data.empty()) {
        head.default_content_type = "application/x-www-form-urlencoded";
    }
    head.user_headers = parse_headers(options.headers);
    if (!options.route.empty()) {
        head.steering.emplace_back("X-Gangway-Route", options.route);
    }
    add_seconds(head, "X-Gangway-Wait", "--wait", options.timeouts.wait_seconds);
    add_seconds(head, "X-Gangway-Timeout", "--timeout", options.timeouts.total_seconds);
    add_seconds(head, "X-Gangway-Connect-Timeout", "--connect-timeout",
                options.timeouts.connect_seconds);
    add_seconds(head, "X-Gangway-First-Byte-Timeout", "--first-byte-timeout",
                options.timeouts.first_byte_seconds);
    add_seconds(head, "X-Gangway-Idle-Timeout", "--idle-timeout", options.timeouts.idle_seconds);
    head.keep_alive = options.is_series();
    return head;
}

} // namespace gangway::command
