// What the machine's clock was worth: it is set now and then, by a person or by NTP, and jumps when
// the machine has slept.
//
// Pure: the times are given. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace gangway {

// Passenger stamps what happens with the machine's clock (SystemTime::getUsec()). How long ago that
// was, the clock alone cannot tell once it has been set. This keeps when that happened, and by how
// much, on a clock that cannot be set.
class ClockSteps {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // Less is neither noticed nor of any weight: adjtime(3) and NTP's slewing move both clocks.
    static constexpr std::chrono::milliseconds least_step{100};
    // How long after a step it may be noted: until then there may be stamps already.
    static constexpr std::chrono::milliseconds longest_delay{1000};
    // What was before is taken to have been as in the oldest of them.
    static constexpr std::size_t most_eras = 16;

    // What both clocks show now, the machine's in microseconds since the epoch. To be called within
    // longest_delay of a step. now: not before that of the last call.
    void note(Time now, std::uint64_t now_usec);

    // How long ago a stamp was made; zero for one of the future. Notes what the clocks show. After
    // the clock was set back there may be two answers; it is the shorter one.
    std::chrono::microseconds age(std::uint64_t stamp_usec, Time now, std::uint64_t now_usec);

  private:
    // From one step to the next. In microseconds.
    struct Era {
        std::int64_t begin;  // on the steady clock
        std::int64_t offset; // of the machine's clock to it
    };
    std::vector<Era> eras_; // oldest first
};

} // namespace gangway
