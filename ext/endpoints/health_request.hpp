// What a caller asks of the health endpoints (docs/health.md).
//
// Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "admin/authorization.hpp"
#include "check/check.hpp"
#include "health/round.hpp"
#include "pool/pool.hpp"
#include "problem/problem.hpp"

namespace gangway::endpoints {

// GET /v1/processes/{id}/health: the check, from the query.
std::variant<check::Check, Problem> parse_check(std::string_view query);

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

// Ids in one request. More are for the group, or for all.

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
std::variant<RoundRequest, Problem> parse_round(std::string_view body);
// The subjects: of the pool what access may act on.
std::variant<RoundOrder, Problem> choose(RoundRequest request, const admin::Access& access,
                                         const pool::Snapshot& snapshot);

} // namespace gangway::endpoints
