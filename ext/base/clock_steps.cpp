#include "base/clock_steps.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace gangway {

namespace {

using std::chrono::microseconds;

std::int64_t to_usec(ClockSteps::Time time) {
    return std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
}

// Half of what there is, so that differences are in range.
std::int64_t in_range(std::uint64_t usec) {
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max() / 2;
    return static_cast<std::int64_t>(std::min(usec, most));
}

} // namespace

void ClockSteps::note(Time now, std::uint64_t now_usec) {
    const std::int64_t begin = to_usec(now);
    const std::int64_t offset = in_range(now_usec) - begin;
    if (!eras_.empty() &&
        std::abs(offset - eras_.back().offset) < microseconds(least_step).count()) {
        return;
    }
    if (eras_.size() == most_eras) {
        eras_.erase(eras_.begin());
    }
    eras_.push_back({begin, offset});
}

microseconds ClockSteps::age(std::uint64_t stamp_usec, Time now, std::uint64_t now_usec) {
    note(now, now_usec);
    // A stamp was made in an era whose time it may be; in the newest of them, since that gives the
    // shortest age. Where it is in none, in the one that it misses by least.
    std::int64_t end = to_usec(now);
    const std::int64_t stamp = in_range(stamp_usec);
    std::int64_t made = end;
    std::int64_t least_miss = std::numeric_limits<std::int64_t>::max();
    for (auto era = eras_.rbegin(); era != eras_.rend(); ++era) {
        const std::int64_t here = stamp - era->offset;
        const bool is_oldest = era + 1 == eras_.rend();
        const std::int64_t begin = era->begin - microseconds(longest_delay).count();
        const std::int64_t too_early = is_oldest ? 0 : begin - here;
        const std::int64_t miss = std::max({std::int64_t{0}, too_early, here - end});
        if (miss < least_miss || (miss == least_miss && here > made)) {
            least_miss = miss;
            made = here;
        }
        end = era->begin;
    }
    return microseconds(std::max<std::int64_t>(0, to_usec(now) - made));
}

} // namespace gangway
