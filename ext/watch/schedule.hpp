// When the next check of each process is due.
//
// Pure; one thread at a time. Steady clock only: a jump of the wall clock changes nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::watch {

// Each key has a place of its own in the interval, given by its hash, so that the checks of many
// processes are spread over it, in whatever order they were added. A check is due an interval after
// the one before was due (not after it ended), give or take the jitter; so no key's due times drift
// but by the jitters' sum.
//
// A key that was taken is due again only after done(). When its next due time has passed by then,
// the checks missed are not made up for: it is due at its next place after now, a whole number of
// intervals later than it would have been, and so within an interval from now. Keys that were all
// late together (the agent was stopped, the checks were slow) thus go back each to its own place,
// instead of becoming due together from then on.
//
// Each call takes O(log n), and take_due() that for each key it takes. Where there is no memory for
// add() or take_due() they change nothing; done() and remove() need none.
class Schedule {
  public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    // interval: above 0. jitter_percent: from 0 to 100, of the interval, either way. random: any
    // 32 bits, evenly distributed.
    Schedule(Clock::duration interval, unsigned jitter_percent,
             std::function<std::uint32_t()> random);

    // First due within an interval from now. A key that is there already stays as it is.
    void add(std::string_view key, Time now);
    // Also of a key whose check is under way; done() then does nothing.
    void remove(std::string_view key);

    // Of the keys whose check is not under way; it may have passed.
    std::optional<Time> next_due() const;
    // At most max keys, those that have been due for longest first. Their checks are under way now.
    std::vector<std::string> take_due(Time now, std::size_t max);
    // Its check has ended. Nothing for a key that was not taken, or was removed.
    void done(std::string_view key, Time now);

  private:
    using Waiting = std::set<std::pair<Time, std::string_view>>;
    struct Check {
        Time due;
        Waiting::node_type place{}; // in waiting_, while the check is under way: done() needs none
    };

    Clock::duration jitter();

    Clock::duration interval_;
    Clock::duration max_jitter_;
    std::function<std::uint32_t()> random_;
    std::map<std::string, Check, std::less<>> checks_;
    // Those not under way; a key is that of its node in checks_.
    Waiting waiting_;
};

} // namespace gangway::watch
