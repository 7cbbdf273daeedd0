// What a caller asks of the health endpoints (docs/health.md).
//
// Pure.
#pragma once

#include <chrono>
#include <string_view>
#include <variant>
#include <vector>

#include "admin/authorization.hpp"
#include "admin/problem.hpp"
#include "health/check.hpp"
#include "health/round.hpp"
#include "pool/pool.hpp"

namespace gangway::admin {

// GET /v1/processes/{id}/health: the check, from the query.
std::variant<health::Check, Problem> parse_check(std::string_view query);

struct RoundOrder {
    health::Check check;
    std::vector<health::Subject> subjects;
    unsigned concurrency = 32; // checks at once
    std::chrono::milliseconds deadline{30'000};
};

// Of concurrency.
inline constexpr unsigned most_checks_at_once = 256;
// Those who do not see all groups can take so many: the rest is for administrators.
inline constexpr unsigned most_checks_at_once_of_users = 192;

// POST /v1/health: a JSON object, or nothing. Of the pool what access may act on.
std::variant<RoundOrder, Problem> parse_round(std::string_view body, const Access& access,
                                              const pool::Snapshot& snapshot);

} // namespace gangway::admin
