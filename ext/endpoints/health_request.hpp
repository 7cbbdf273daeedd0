// What a caller asks of the health endpoints (docs/health.md).
//
// Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admin/authorization.hpp"
#include "admin/parameters.hpp"
#include "check/check.hpp"
#include "health/round.hpp"
#include "pool/pool.hpp"
#include "problem/result.hpp"

namespace gangway::endpoints {

// Of GET /v1/processes/{id}/health. Each stands for a key of a check, which has the same name; of
// seconds, with "_seconds" behind it.
inline constexpr std::array<admin::Parameter, 11> check_parameters{{
    {"path", admin::ParameterType::text, "what the process is asked for; / if not given"},
    {"method", admin::ParameterType::text, "GET, HEAD or OPTIONS"},
    {"route", admin::ParameterType::text, "auto, pool or direct"},
    {"timeout", admin::ParameterType::seconds, "how long the process may take"},
    {"wait", admin::ParameterType::seconds, "how long to wait for a busy process"},
    {"busy_limit", admin::ParameterType::seconds, "how long a process may be busy"},
    {"status", admin::ParameterType::text, "statuses that are healthy: 200-299,304"},
    {"body", admin::ParameterType::text, "a text that the answer must have"},
    {"regex", admin::ParameterType::text, "a pattern that the answer must match"},
    {"json_pointer", admin::ParameterType::text, "a place in an answer of JSON (RFC 6901)"},
    {"json_value", admin::ParameterType::json, "what must stand there"},
}};

Result<check::Check> parse_check(const admin::Arguments& arguments);

struct RoundOrder {
    check::Check check;
    std::vector<pool::Subject> subjects;
    unsigned concurrency = 32; // checks at once
    std::chrono::milliseconds deadline{30'000};
};

// Of concurrency.
inline constexpr unsigned most_checks_at_once = 256;
// Those who do not see all groups can take so many: the rest is for administrators.
inline constexpr unsigned most_checks_at_once_of_users = 192;

// Which processes are meant.
struct Scope {
    std::optional<std::string> group;
    std::set<std::string, std::less<>> ids; // pids and gupids; empty: all
};

struct RoundRequest {
    RoundOrder order; // without subjects
    Scope scope;
};

// POST /v1/health: a JSON object, or nothing.
Result<RoundRequest> parse_round(std::string_view body);
// The subjects: of the pool what access may act on.
Result<RoundOrder> choose(RoundRequest request, const admin::Access& access,
                          const pool::Snapshot& snapshot);

} // namespace gangway::endpoints
