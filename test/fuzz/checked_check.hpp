// What must hold of every health check, whoever described it: it becomes a request to a process.
#pragma once

#include <chrono>

#include "check/check.hpp"
#include "fuzz_target.hpp"
#include "support/strict_parser.hpp"

namespace gangway::fuzz {

inline void require_in_order(const check::Check& check) {
    require(check.method == "GET" || check.method == "HEAD" || check.method == "OPTIONS",
            "a check's method is a safe one");
    require(check.path.starts_with('/') && !strict::has_control(check.path) &&
                check.path.find_first_of(" #") == std::string::npos,
            "a check's path can stand in a request line");
    for (const auto& [name, value] : check.headers) {
        require(strict::is_token(name), "a check's header has a token for its name");
        require(!strict::has_control(value, "\t"), "a check's header is one line");
    }
    constexpr std::chrono::hours day(24);
    require(check.wait.count() >= 0 && check.wait <= day && check.timeout.count() > 0 &&
                check.timeout <= day && check.busy_limit.count() >= 0 && check.busy_limit <= day,
            "a check's times are bounded");
    require(!check.expectation.statuses.empty(), "a check expects a status");
    for (const auto& range : check.expectation.statuses) {
        require(range.first >= 100 && range.first <= range.last && range.last <= 599,
                "a check's statuses are HTTP's");
    }
}

} // namespace gangway::fuzz
