// What is said of a process that serves others when it is to be checked.
//
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "health/verdict.hpp"

namespace gangway::health {

// "0.5 s"
std::string print_seconds(std::chrono::milliseconds duration);

// Of these verdict, reason and detail are set.
void say_busy(Result& result, std::int32_t sessions);
void say_busy_too_long(Result& result, std::chrono::milliseconds limit);

// Since when a process is busy is told by Passenger by the machine's clock, which may have been set
// meanwhile. Who checks it again and again knows better: seen_for is how long it was found busy, at
// each check, with a request that came at the same time. limit: 0: none.
Result as_seen(const Result& result, std::chrono::steady_clock::duration seen_for,
               std::chrono::milliseconds limit);

} // namespace gangway::health
