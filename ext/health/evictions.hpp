// Processes that were detached and may have to be killed, when they do not leave by themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "health/round.hpp"
#include "module/lazy_timer.hpp"

namespace gangway::health {

// Holds a pidfd (pidfd_open(2)) for each, taken while the process was certainly the one that is
// meant: a pid that is in use again is never signalled. On the server's thread.
class Evictions {
  public:
    using Time = LazyTimer::Clock::time_point;

    Evictions() = default;
    ~Evictions();
    Evictions(const Evictions&) = delete;
    Evictions& operator=(const Evictions&) = delete;

    // Call it before the process is told to leave. False: there is no such process.
    bool add(const Subject& subject, Time kill_at);
    // It was not told after all.
    void forget_last();
    // Sends SIGKILL to those whose time has come; those that have ended are let go.
    std::vector<Subject> kill_due(Time now);
    bool empty() const { return entries_.empty(); }

  private:
    struct Entry {
        Subject subject;
        int pidfd;
        Time kill_at;
    };
    std::vector<Entry> entries_;
};

} // namespace gangway::health
