// Processes that were detached and may have to be killed, when they do not leave by themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/lazy_timer.hpp"
#include "pool/subject.hpp"

namespace gangway::health {

// A pid that is in use again is never signalled, though Passenger may learn late that its process
// has ended: when each process was started is noted when it joins, and compared when a pidfd
// (pidfd_open(2)) for it is taken. From then on that holds it. On the server's thread.
class Evictions {
  public:
    using Time = LazyTimer::Clock::time_point;

    Evictions() = default;
    ~Evictions();
    Evictions(const Evictions&) = delete;
    Evictions& operator=(const Evictions&) = delete;

    // A process has joined that may have to be killed one day; and it has left.
    void attach(const pool::Subject& subject);
    void detach(const pool::Subject& subject);

    // Call it before the process is told to leave, and while it is attached. False: it has ended.
    bool add(const pool::Subject& subject, Time kill_at);
    // It was not told after all.
    void forget_last();
    // Sends SIGKILL to those whose time has come; those that have ended are let go.
    std::vector<pool::Subject> kill_due(Time now);
    bool empty() const { return entries_.empty(); }

  private:
    struct Entry {
        pool::Subject subject;
        int pidfd;
        Time kill_at;
    };
    std::map<std::string, std::uint64_t> start_times_; // by gupid; as in ProcessStat
    std::vector<Entry> entries_;
};

} // namespace gangway::health
