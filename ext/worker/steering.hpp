// The request headers that steer Gangway (docs/api.md, "Forwarding").
//
// Pure.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "check/route.hpp"
#include "message/fields.hpp"
#include "problem/result.hpp"
#include "worker/bounds.hpp"

namespace gangway::worker {

// Each of them may be given once, and none reaches a process.
inline constexpr std::array<std::string_view, 8> steering_headers{"X-Passenger-Connect-Password",
                                                                  "X-Passenger-Process",
                                                                  "X-Gangway-Route",
                                                                  "X-Gangway-Wait",
                                                                  "X-Gangway-Connect-Timeout",
                                                                  "X-Gangway-First-Byte-Timeout",
                                                                  "X-Gangway-Idle-Timeout",
                                                                  "X-Gangway-Timeout"};

// Whether a header is one of them.
bool is_steering(std::string_view name);
// One of them that is there more than once; else an empty name.
std::string_view repeated_steering(const message::Fields& fields);

struct Steering {
    check::Route route = check::Route::automatic;
    Bounds bounds;
};

// Another header that begins with X-Gangway- is refused. defaults: as configured. X-Gangway-Timeout
// bounds the whole request, and lifts the bounds for the first byte and for silence, unless those
// are given too: who gives a process two minutes does not want it given up after one.
Result<Steering> parse_steering(const message::Fields& fields, const Bounds& defaults);

} // namespace gangway::worker
