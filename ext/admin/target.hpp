// What a request's target means: an endpoint's path, or what is forwarded to which process.
//
// Pure. Works on views into the target, which must outlive the result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gangway/agent_abi.h"
#include "problem/problem.hpp"

namespace gangway::admin {

enum class Kind : std::uint8_t {
    api,     // under /v1: an endpoint, or nothing
    forward, // /v1/processes/{id}/request/{path}
    outside, // not under /v1: forwarded when X-Passenger-Process is there
};

struct Target {
    Kind kind;
    std::string_view path;        // without the query
    std::string_view query;       // without '?'
    std::string_view process{};   // with forward: its id
    std::string forwarded{};      // with forward and outside: what the process is asked for
    std::string_view authority{}; // of a target in absolute-form: it takes the place of Host
};

// In origin-form, absolute-form, or "*" (RFC 9112, 3.2), which is outside. Nothing for anything
// else, nor for an authority that is none (message/authority.hpp).
std::optional<Target> parse_target(std::string_view target);

// A pid is all digits; a gupid has letters, digits and '-'. Nothing for anything else. The result
// points into text.
std::optional<gangway_process_id> parse_process_id(std::string_view text);

} // namespace gangway::admin
