// The command line of `gangway request`, spelled as curl's.
#pragma once

#include "gangway/client/request_head.hpp"
#include "gangway/commands/request/answer_output.hpp"
#include "gangway/commands/request/data_body.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace gangway::command {

// What the X-Gangway headers of the same names bound; nothing: the agent's own bounds hold.
struct Timeouts {
    std::optional<double> wait_seconds;
    std::optional<double> total_seconds;
    std::optional<double> connect_seconds;
    std::optional<double> first_byte_seconds;
    std::optional<double> idle_seconds;
};

struct RequestOptions {
    std::string id;
    std::string path;
    std::string method; // -X; empty: what the other options imply
    bool head = false;  // -I
    std::vector<std::string> headers;
    std::vector<DataArgument> data; // in the order of the command line
    std::optional<std::string> upload_file;
    std::string route; // empty: not sent
    Timeouts timeouts;
    AnswerOptions answer;
    bool verbose = false;
    std::uint64_t repeat = 1; // how often the request is sent
    std::uint64_t concurrency = 1;

    [[nodiscard]] bool is_series() const { return repeat > 1; }
};

// Declares the options; the values are complete after parsing and collect_repeatable_options().
void declare_request_options(CLI::App& command, RequestOptions& options);

// Takes -H, -d and --data-binary over from the parsed command, in their order.
void collect_repeatable_options(const CLI::App& command, RequestOptions& options);

// Those among -H that have no name in CGI, such as client_id, which would be taken for client-id:
// no process that is asked over the session protocol hears of them (docs/forwarding.md).
[[nodiscard]] std::vector<std::string> headers_without_cgi_name(const RequestHead& head);

// HEAD, PUT or POST where an option implies it, unless -X says otherwise.
[[nodiscard]] std::string request_method(const RequestOptions& options);

// Null where the request has none. Throws Failure(usage) where a series needs it again and again,
// and it can be read only once.
[[nodiscard]] std::unique_ptr<RequestBody> request_body(const RequestOptions& options);

// All but credentials and framing. Throws Failure(usage) for what HTTP does not allow, and for
// options that contradict each other.
[[nodiscard]] RequestHead request_head(const RequestOptions& options);

} // namespace gangway::command
