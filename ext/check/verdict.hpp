// What one check of one process found (docs/health.md).
//
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/served_request.hpp"

namespace gangway::check {

enum class Verdict : std::uint8_t {
    healthy,
    unhealthy,
    busy,    // it serves others; that is no failure
    skipped, // it takes no requests, and need not
};

enum class Reason : std::uint8_t {
    none, // with healthy
    // Of unhealthy.
    connect_timeout,
    first_byte_timeout, // it has the request and says nothing
    read_timeout,       // it began to answer, and did not end
    refused,
    reset, // it closed before its answer's end
    bad_status,
    unexpected_body,
    not_http,
    body_too_large,
    gone,    // it has left the pool, or died
    stopped, // by a signal
    busy_too_long,
    // Of busy.
    busy,
    last_free_slot, // a check would take the group's last free slot from visitors
    // Of skipped.
    disabling,
    disabled,
    detached,
    shutting_down,
    not_routable,
    deadline, // the whole round had no time left for it
};

// "first_byte_timeout": the same word in answers, log and command. docs/health.md says what each
// means, and what to do.
constexpr std::string_view word(Verdict verdict) {
    switch (verdict) {
    case Verdict::healthy:
        return "healthy";
    case Verdict::unhealthy:
        return "unhealthy";
    case Verdict::busy:
        return "busy";
    case Verdict::skipped:
        return "skipped";
    }
    return "";
}

constexpr std::string_view word(Reason reason) {
    switch (reason) {
    case Reason::none:
        return "";
    case Reason::connect_timeout:
        return "connect_timeout";
    case Reason::first_byte_timeout:
        return "first_byte_timeout";
    case Reason::read_timeout:
        return "read_timeout";
    case Reason::refused:
        return "refused";
    case Reason::reset:
        return "reset";
    case Reason::bad_status:
        return "bad_status";
    case Reason::unexpected_body:
        return "unexpected_body";
    case Reason::not_http:
        return "not_http";
    case Reason::body_too_large:
        return "body_too_large";
    case Reason::gone:
        return "gone";
    case Reason::stopped:
        return "stopped";
    case Reason::busy_too_long:
        return "busy_too_long";
    case Reason::busy:
        return "busy";
    case Reason::last_free_slot:
        return "last_free_slot";
    case Reason::disabling:
        return "disabling";
    case Reason::disabled:
        return "disabled";
    case Reason::detached:
        return "detached";
    case Reason::shutting_down:
        return "shutting_down";
    case Reason::not_routable:
        return "not_routable";
    case Reason::deadline:
        return "deadline";
    }
    return "";
}

inline constexpr std::string_view pool_route = "pool";
inline constexpr std::string_view direct_route = "direct";

struct Result {
    Verdict verdict = Verdict::skipped;
    Reason reason = Reason::none;
    std::string detail;  // one sentence: what happened, and what to do; empty when healthy
    unsigned status = 0; // of the answer; 0: there was none
    std::chrono::microseconds latency{}; // from when the process was had, to the answer's end
    std::uint64_t body_bytes = 0;
    std::string_view route; // of the two above; empty: the process was not asked
    std::optional<std::uint64_t> busy_since_usec{}; // since the epoch
    std::uint64_t checked_at_usec = 0;              // since the epoch
    std::vector<ServedRequest> requests{}; // of busy and busy_too_long: the oldest that it serves
};

// Whether it says as much about the way to the process as about the process: what is wrong over the
// debug socket may be right over the way of visitors (another parser, another thread of the
// application, another port), so that must not cost the process its life.
bool depends_on_route(const Result& result);

// That a check came to nothing for what was thrown: out of memory, say. Needs none itself.
void say_failed(Result& result, const std::exception& why) noexcept;

} // namespace gangway::check
