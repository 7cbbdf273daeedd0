// What the continuous checks of one process say about it: its standing, and what lately came of
// them.
//
// Pure; one thread at a time. Wall clock times (…_usec) are microseconds since the epoch, only to
// be shown: a jump of that clock changes no decision.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <vector>

#include "check/verdict.hpp"

namespace gangway::watch {

// How many verdicts in a row change a standing, as HAProxy's rise and fall; 0 is taken for 1.
struct Thresholds {
    unsigned rise = 2;
    unsigned fall = 3;
};

enum class Standing : std::uint8_t { unknown, healthy, unhealthy };

// "unhealthy": the same word in answers, log and command.
std::string_view word(Standing standing);

struct Change {
    Standing from;
    Standing to;
    // Of the check that tipped it; none and empty when it is healthy now.
    check::Reason reason;
    std::string detail;
};

// One result as the history keeps it: small, for there are 16 of them a process.
struct PastCheck {
    using Latency = std::chrono::duration<std::uint32_t, std::micro>;

    std::uint64_t checked_at_usec = 0;
    Latency latency{}; // at most 71 minutes
    std::uint16_t status = 0;
    check::Verdict verdict = check::Verdict::skipped;
    check::Reason reason = check::Reason::none;
};

// A process begins as unknown, and becomes
//   healthy    from unknown with its first verdict healthy (as HAProxy takes servers for up), from
//              unhealthy with `rise` of them in a row;
//   unhealthy  with `fall` verdicts unhealthy in a row.
// Busy and skipped say nothing about a process: they neither lengthen a row nor break it.
//
// Slow start: a process that has just been started may fail until it has warmed up. Checks begun
// before `not_before` are kept and counted as any, but those that fail do not count to `fall`, so
// that until then the process is unknown or, from its first success on, healthy.
//
// A restarted process has a new gupid, and needs a new Track: it is unknown again, has a slow start
// of its own, and inherits neither rows nor history from the process in whose place it is.
class Track {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::size_t history_size = 16;

    // created_usec: since when it is unknown. not_before: the end of its slow start.
    explicit Track(std::uint64_t created_usec, Time not_before = Time::min())
        : since_usec_(created_usec), not_before_(not_before) {}

    // begun: when the check was begun, for the slow start. now_usec: when the standing changes, if
    // it does. The thresholds may be others each time: they are applied to the rows as they are.
    std::optional<Change> add(const check::Result& result, const Thresholds& thresholds, Time begun,
                              std::uint64_t now_usec);

    // The last check that was neither busy nor skipped was a failure, in a slow start too, and
    // whatever the standing is as yet.
    bool is_failing() const { return failing_; }
    // Enough failures since the last success do not depend on the route to it: those over the pool,
    // and that it was busy for too long.
    bool is_confirmed(const Thresholds& thresholds) const {
        return confirmed_in_a_row_ >= std::max(thresholds.fall, 1U);
    }
    Standing standing() const { return standing_; }
    std::uint64_t since_usec() const { return since_usec_; }
    // Of the latest failure since the standing began, or with which it began; none: there was none.
    // So a healthy process may have one, which says what is wrong now and then.
    check::Reason reason() const { return reason_; }
    const std::optional<check::Result>& last() const { return last_; }
    // Of any verdict; and those of them that were unhealthy.
    std::uint64_t checks() const { return checks_; }
    std::uint64_t failures() const { return failures_; }
    // At most history_size, newest last.
    std::vector<PastCheck> history() const;

  private:
    void keep(const check::Result& result);
    Standing next_standing(const Thresholds& thresholds) const;

    std::array<PastCheck, history_size> ring_; // check n, from 0, is at n % history_size
    std::optional<check::Result> last_;
    std::uint64_t checks_ = 0;
    std::uint64_t failures_ = 0;
    std::uint64_t since_usec_;
    Time not_before_;
    unsigned healthy_in_a_row_ = 0;
    unsigned unhealthy_in_a_row_ = 0;
    unsigned confirmed_in_a_row_ = 0; // of these, those that do not depend on the route
    bool failing_ = false;
    Standing standing_ = Standing::unknown;
    check::Reason reason_ = check::Reason::none;
};

} // namespace gangway::watch
