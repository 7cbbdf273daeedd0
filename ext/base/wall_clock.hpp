// The time of day, as Passenger and the ABI keep it.
#pragma once

#include <chrono>
#include <cstdint>

namespace gangway {

// Microseconds since the epoch, UTC.
inline std::uint64_t usec_since_epoch() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

} // namespace gangway
