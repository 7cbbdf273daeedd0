// What became of a forwarded request: for the answer's Server-Timing, the access log and the
// counters.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gangway::forward {

struct Report {
    using Clock = std::chrono::steady_clock;

    // Moments, each unset until it has come.
    Clock::time_point received;               // the request's head
    std::optional<Clock::time_point> session; // the process was ours
    std::optional<Clock::time_point> connected;
    std::optional<Clock::time_point> first_byte; // of an answer

    std::int64_t pid = 0;         // 0: none was found
    std::string_view route;       // "pool" or "direct"; empty: neither was taken
    unsigned status = 0;          // of the process's answer, once its head was sent
    std::uint64_t bytes_sent = 0; // of bodies, to the process and from it
    std::uint64_t bytes_received = 0;
    unsigned retries = 0;
    bool upgraded = false;
    bool broken = false;      // the answer was begun, and broken off
    bool client_gone = false; // before its end
};

} // namespace gangway::forward
