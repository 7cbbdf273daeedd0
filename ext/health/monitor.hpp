// Checks processes all the time, as configured, and acts on what it finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/asio.hpp"
#include "base/clock_steps.hpp"
#include "base/companion.hpp"
#include "base/descriptors.hpp"
#include "base/log.hpp"
#include "health/events.hpp"
#include "health/evictions.hpp"
#include "health/probe.hpp"
#include "pool/pool.hpp"
#include "watch/census.hpp"
#include "watch/plan.hpp"
#include "watch/watch.hpp"

namespace gangway::health {

// While there is a plan, or somebody listens to the events, the pool is looked at once a second;
// else there is no timer and nothing runs. On the server's thread.
class Monitor {
  public:
    // Checks at once: so many may hang before another one is late.
    static constexpr std::size_t most_lanes = 128;

    // All but executor outlive it. descriptors: null: all that the system gives. turns:
    // null: it need not wait for any. known: see Probe::tell_requests(); null: none are.
    Monitor(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
            const std::vector<watch::Plan>& plans, std::uint32_t max_header_bytes, Events& events,
            const Log& log, const Descriptors* descriptors = nullptr, Turns* turns = nullptr,
            const requests::Known* known = nullptr);

    // After the first listener has come; and once at the start.
    void wake();
    // Ends what runs, soon. It does not begin again.
    void stop();

    const watch::Watch& watch() const { return watch_; }
    // Of the last look; empty while there was none.
    const watch::Census& census() const { return census_; }
    bool has_plans() const { return !plans_.empty(); }

  private:
    using Time = LazyTimer::Clock::time_point;
    struct Lane {
        Lane(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
             std::uint32_t max_header_bytes)
            : probe(executor, pool, clock_steps, max_header_bytes), companion(executor) {}
        Probe probe;
        Companion companion;
    };

    class LaneInUse;

    bool needed() const;
    awaitable<void> run();
    void look(Time now);
    // False: for want of memory; at the next look it is tried again.
    bool attach(const watch::Member& member, bool is_new, Time now);
    std::size_t descriptors_left() const;
    void start_due(Time now);
    void start_check(const watch::Watch::Due& due);
    awaitable<void> check(std::unique_ptr<LaneInUse> lane);
    void take_result(const watch::Watch::Due& due, const check::Result& result, Time begun,
                     Time ended);
    void tell_change(const watch::WatchedProcess& process, const watch::Change& change);
    void carry_out(const watch::WatchedProcess& process, const watch::Decision& decision, Time now);
    // False: it had left before.
    bool eject(const watch::WatchedProcess& process);
    void publish(std::string_view event, const pool::Subject& subject, std::string data);

    Executor executor_;
    pool::Pool& pool_;
    const std::vector<watch::Plan>& plans_;
    ClockSteps& clock_steps_;
    std::uint32_t max_header_bytes_;
    Events& events_;
    const Log& log_;
    const Descriptors* descriptors_;
    Turns* turns_;
    const requests::Known* known_;
    std::mt19937 random_;
    watch::Watch watch_;
    watch::Census census_;
    Evictions evictions_;
    Timer timer_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<Lane*> idle_; // of lanes_
    bool first_look_ = true;
    bool lacks_descriptors_ = false; // for a check that was due
    bool running_ = false;
    bool stopping_ = false;
};

} // namespace gangway::health
