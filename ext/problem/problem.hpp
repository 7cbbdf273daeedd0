// The one table of errors: code, HTTP status, title (docs/api.md). Everything that fails points
// into it, and is answered as application/problem+json (RFC 9457).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/served_request.hpp"

namespace gangway {

enum class Code : std::uint8_t {
    bad_request,
    bad_parameter,
    bad_header,
    bad_body,
    body_not_allowed,
    unauthorized,
    forbidden,
    not_found,
    group_not_found,
    process_not_found,
    health_not_configured,
    method_not_allowed,
    request_timeout,
    route_unavailable,
    body_too_large,
    expectation_failed,
    header_too_large,
    internal_error,
    connect_failed,
    worker_closed,
    bad_response,
    process_busy,
    process_not_routable,
    process_overloaded,
    too_many_connections,
    too_many_requests,
    shutting_down,
    connect_timeout,
    first_byte_timeout,
    idle_timeout,
    total_timeout,
};

struct Problem {
    Code code;
    std::string detail; // one sentence: what, and what to do

    // With process_busy.
    struct Busy {
        std::int32_t sessions;
        std::uint64_t since_usec;            // when its newest request began
        std::vector<ServedRequest> requests; // the oldest
    };
    std::optional<Busy> busy{};
    // With method_not_allowed: what is (RFC 9110, 10.2.1).
    std::string_view allow = "GET, HEAD";
};

inline constexpr std::size_t code_count = static_cast<std::size_t>(Code::total_timeout) + 1;

// "process_busy": the same word in answers, log and command.
std::string_view name(Code code);
unsigned status(Code code);
std::string_view title(Code code);

std::string to_json(const Problem& problem);

// The same words for a process that does not exist and one out of reach.
Problem process_not_found();

} // namespace gangway
