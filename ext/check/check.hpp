// A health check: what a process is asked, for how long, and what its answer must be.
//
// Pure. The same keys describe a check in the configuration, in POST /v1/health and, one by one, in
// the query of GET /v1/processes/{id}/health (docs/health.md).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <json/value.h>

#include "check/complaint.hpp"
#include "check/expectation.hpp"
#include "check/route.hpp"

namespace gangway::check {

struct Check {
    std::string method = "GET"; // or HEAD, OPTIONS: safe ones, which may be sent again
    std::string path = "/";     // with a query, percent-encoded; begins with '/'
    std::vector<std::pair<std::string, std::string>> headers;
    Route route = Route::automatic;
    std::chrono::milliseconds wait{500};     // for a busy process
    std::chrono::milliseconds timeout{5000}; // for everything after that
    // Busy for longer is unhealthy; 0: never.
    std::chrono::milliseconds busy_limit{0};
    Expectation expectation;
};

// A complaint about one key: "expect.status", "must be …".
struct KeyComplaint {
    std::string key;
    std::string text;

    std::string line() const { return "\"" + key + "\" " + text; }
};

// Whether set_check_key() knows it.
bool is_check_key(std::string_view key);
// Everything that is wrong with the value: of an object, each of its members. Then nothing of it
// holds.
std::vector<KeyComplaint> set_check_key(Check& check, const std::string& key,
                                        const Json::Value& value);
// What no key shows by itself; after the last key.
std::optional<KeyComplaint> examine(const Check& check);

// A number of seconds from 0, or above it, to highest; for other keys that go with a check's.
Parsed<std::chrono::milliseconds> parse_seconds(const Json::Value& value, bool zero_allowed,
                                                unsigned highest);

} // namespace gangway::check
