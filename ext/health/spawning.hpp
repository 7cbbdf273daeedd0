// Whether Passenger can start processes of a group, as it tells with each attempt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "health/events.hpp"
#include "pool/pool.hpp"

namespace gangway::health {

// An attempt that has ended.
struct Spawn {
    std::string group;
    std::string uuid;  // the group's, when it began
    std::string error; // why there is no process; empty: there is one
    std::uint64_t ended_usec = 0;
};

// Why no process of a group can be started. Times: microseconds since the epoch.
struct SpawnError {
    std::string uuid;    // of the group: after a restart nothing is known
    std::string message; // of the latest attempt
    std::uint64_t since_usec = 0;
    std::uint64_t latest_usec = 0;
    std::uint64_t attempts = 0; // failed ones, since a process was started
};

// On the server's thread only.
class Spawning {
  public:
    // All outlive it.
    Spawning(pool::Pool& pool, Events& events, const Log& log)
        : pool_(pool), events_(events), log_(log) {}

    // Keeps how they ended, and tells the log where that is another than before, and who listens to
    // events. An attempt of before a restart, which Passenger drops, says nothing of the group.
    // Costs a snapshot at most, where one failed or has before.
    void note(const std::vector<Spawn>& spawns);
    // Null where the latest attempt was a success, or there was none.
    const SpawnError* error_of(const gangway_group& group) const;

    // What is kept of a message, which an application may have put together. A thousand events that
    // nobody fetches hold one each.
    static constexpr std::size_t most_message_bytes = 512;

  private:
    void note_failure(const Spawn& spawn, const gangway_group& group);
    // group: null where it has left.
    void note_success(const Spawn& spawn, const gangway_group* group);
    void publish(std::string_view event, const Spawn& spawn, const SpawnError& error,
                 const gangway_group& group);

    pool::Pool& pool_;
    Events& events_;
    const Log& log_;
    std::map<std::string, SpawnError, std::less<>> errors_; // by the group's name
};

} // namespace gangway::health
