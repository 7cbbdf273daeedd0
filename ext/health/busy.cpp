#include "health/busy.hpp"

namespace gangway::health {

std::string print_seconds(std::chrono::milliseconds duration) {
    const auto whole = std::to_string(duration.count() / 1000);
    const auto rest = std::to_string(1000 + duration.count() % 1000).substr(1);
    const std::size_t end = rest.find_last_not_of('0');
    return end == std::string::npos ? whole + " s" : whole + "." + rest.substr(0, end + 1) + " s";
}

void say_busy(Result& result, std::int32_t sessions) {
    result.verdict = Verdict::busy;
    result.reason = Reason::busy;
    result.detail = "The process serves " + std::to_string(sessions) +
                    (sessions == 1 ? " request." : " requests.");
}

void say_busy_too_long(Result& result, std::chrono::milliseconds limit) {
    result.verdict = Verdict::unhealthy;
    result.reason = Reason::busy_too_long;
    result.detail = "The process has served a request for longer than " + print_seconds(limit) +
                    "; look at what it does (gdb, py-spy, a thread dump), or restart it.";
}

Result as_seen(const Result& result, std::chrono::steady_clock::duration seen_for,
               std::chrono::milliseconds limit) {
    const bool said_too_long = result.reason == Reason::busy_too_long;
    const bool too_long = limit.count() > 0 && seen_for >= limit;
    if ((result.reason != Reason::busy && !said_too_long) || said_too_long == too_long) {
        return result;
    }
    Result seen = result;
    if (too_long) {
        say_busy_too_long(seen, limit);
    } else {
        seen.verdict = Verdict::busy;
        seen.reason = Reason::busy;
        seen.detail =
            "The process serves a request, and was not yet seen to do so for longer than " +
            print_seconds(limit) + ".";
    }
    return seen;
}

} // namespace gangway::health
