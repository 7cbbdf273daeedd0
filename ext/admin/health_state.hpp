// The endpoints that tell what continuous checks know, without touching a process: /v1/health and
// /v1/health/live (docs/health.md).
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "admin/authorization.hpp"
#include "admin/listing.hpp"
#include "admin/problem.hpp"
#include "health/census.hpp"
#include "health/watch.hpp"

namespace gangway::admin {

Document list_health(std::string_view query, const Access& access, const health::Watch& watch,
                     const health::Census& census, std::uint64_t now_usec);

struct Liveness {
    bool live;
    std::string document;
};

// live: as many processes of the group are healthy as minimum says, one if it does not.
std::variant<Liveness, Problem> look_alive(std::string_view query, const Access& access,
                                           const health::Watch& watch,
                                           const health::Census& census);

} // namespace gangway::admin
