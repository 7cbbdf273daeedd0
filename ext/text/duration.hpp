// Durations as they are written: in figures of answers and logs, and in sentences. The command has
// forms of its own for people, of figures that it reads as decimals (base/human_units.hpp there).
//
// Pure. What is negative counts as nothing. Figures are cut, not rounded.
#pragma once

#include <chrono>
#include <string>

namespace gangway {

// "12.345": in milliseconds.
void append_milliseconds(std::string& to, std::chrono::nanoseconds duration);
std::string print_milliseconds(std::chrono::nanoseconds duration);

// "0.012345": in seconds.
std::string print_seconds(std::chrono::nanoseconds duration);

// "0.5 s", "2 s": to the millisecond.
std::string short_seconds(std::chrono::nanoseconds duration);

// "0.3s", "45s", "19m11s", "3h12m", "2d4h": as people write ages.
std::string print_age(std::chrono::nanoseconds duration);

// "1 second", "5 seconds": rounded up, so that whoever waits so long does not come too early.
std::string whole_seconds(std::chrono::nanoseconds duration);

} // namespace gangway
