// Checks many processes, several at a time, within one deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/clock_steps.hpp"
#include "base/companion.hpp"
#include "base/lazy_timer.hpp"
#include "check/check.hpp"
#include "check/verdict.hpp"
#include "health/probe.hpp"
#include "pool/subject.hpp"

namespace gangway::health {

struct Summary {
    unsigned healthy = 0;
    unsigned unhealthy = 0;
    unsigned busy = 0;
    unsigned skipped = 0;
    std::chrono::microseconds duration{};
    bool deadline_reached = false;

    unsigned total() const { return healthy + unhealthy + busy + skipped; }
    void count(check::Verdict verdict);
};

// A check leaves visitors the group's last free slot, so in a group of processes with one slot each
// the checks of a round stand in each other's way. One for which only that slot is left is put off
// until another of its group has ended.
//
// On the server's thread. Whoever has called start() must co_await end() before it goes.
class Round {
  public:
    struct Finished {
        std::size_t index; // of the subject
        check::Result result;
    };

    Round(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
          std::uint32_t max_header_bytes, const check::Check& check,
          std::vector<pool::Subject> subjects);
    ~Round();
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    // Before start(): whose round it is (Probe::take_turns()).
    void take_turns(Turns& turns, const Owner& owner) {
        turns_ = &turns;
        owner_ = owner;
    }
    // Before start(): see Probe::tell_requests().
    void tell_requests(const requests::Known& known) { known_ = &known; }
    void start(unsigned lanes, std::chrono::milliseconds deadline);
    // The next result, as they come; nothing once there is one for every subject, or after cut().
    awaitable<std::optional<Finished>> next();
    // One that is there already, without waiting.
    std::optional<Finished> next_now();
    // Nobody wants the rest.
    void cut();
    bool is_cut() const { return cut_; }
    // Waits for what still runs; that is interrupted.
    awaitable<void> end();

    const std::vector<pool::Subject>& subjects() const { return subjects_; }
    // After the last result.
    const Summary& summary() const { return summary_; }

  private:
    struct Lane {
        Lane(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
             std::uint32_t max_header_bytes)
            : probe(executor, pool, clock_steps, max_header_bytes), companion(executor) {}
        Probe probe;
        Companion companion;
    };

    class InHand;
    struct Group {
        unsigned running = 0; // checks
        unsigned ended = 0;
        std::deque<Finished> put_off{}; // each with what would be said of it now
    };

    void start_lane();
    awaitable<void> run(Lane& lane);
    // The next subject: of those that were put off in a group that has room again, if one is given,
    // or one whose turn has not come. Nothing when there is none.
    std::optional<std::size_t> take(Group* with_room);
    awaitable<check::Result> check(Lane& lane, std::size_t index);
    void on_deadline();
    static check::Result never_begun();
    bool is_over() const { return cut_ || summary_.deadline_reached; }
    void finish(std::size_t index, check::Result result);

    Executor executor_;
    pool::Pool& pool_;
    ClockSteps& clock_steps_;
    std::uint32_t max_header_bytes_;
    const check::Check& check_;
    Turns* turns_ = nullptr;
    const requests::Known* known_ = nullptr;
    Owner owner_;
    std::vector<pool::Subject> subjects_;
    std::map<std::string, Group, std::less<>> groups_; // by name
    std::vector<Group*> group_of_;                     // of each subject
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<Finished> finished_; // has room for all
    Timer news_;                     // never expires; cancelled when there is a result
    LazyTimer deadline_;
    LazyTimer::Clock::time_point started_;
    Summary summary_;
    std::size_t most_lanes_ = 0;
    std::size_t next_subject_ = 0;
    std::size_t given_ = 0; // of finished_
    bool cut_ = false;
};

} // namespace gangway::health
