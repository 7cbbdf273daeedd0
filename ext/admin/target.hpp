// What a request's target means: which endpoint, which process or group, which query.
//
// Pure. Works on views into the target, which must outlive the result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gangway/agent_abi.h"
#include "problem/problem.hpp"

namespace gangway::admin {

enum class Endpoint : std::uint8_t {
    pool,           // /v1/pool
    groups,         // /v1/groups
    group,          // /v1/groups/{name}
    processes,      // /v1/processes
    process,        // /v1/processes/{id}
    process_health, // /v1/processes/{id}/health
    health,         // /v1/health
    health_live,    // /v1/health/live
    events,         // /v1/events
    forward,        // /v1/processes/{id}/request/{path}
    outside,        // not under /v1: forwarded when X-Passenger-Process is there
    unknown,        // under /v1, but nothing of the above
};

struct Target {
    Endpoint endpoint;
    std::string_view subject;     // the group's name or the process's id, still percent-encoded
    std::string_view query;       // without '?'
    std::string forwarded;        // with forward and outside: what the process is asked for
    std::string_view authority{}; // of a target in absolute-form: it takes the place of Host
};

// In origin-form, absolute-form, or "*" (RFC 9112, 3.2), which is outside. Nothing for anything
// else, nor for an authority that is none (message/authority.hpp).
std::optional<Target> parse_target(std::string_view target);

// A pid is all digits; a gupid has letters, digits and '-'. Nothing for anything else. The result
// points into text.
std::optional<gangway_process_id> parse_process_id(std::string_view text);

// Nothing when a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Name and value of each parameter, decoded, in their order. Nothing when the encoding is broken.
using Parameters = std::vector<std::pair<std::string, std::string>>;
std::optional<Parameters> parse_query(std::string_view query);

} // namespace gangway::admin
