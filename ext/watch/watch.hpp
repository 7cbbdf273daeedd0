// What continuous checks know of the groups that have a plan: each process's standing, when it is
// due, and whether it may be ejected.
//
// Pure: the times are given. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watch/census.hpp"
#include "watch/ejection.hpp"
#include "watch/plan.hpp"
#include "watch/schedule.hpp"
#include "watch/standing.hpp"

namespace gangway::watch {

struct WatchedProcess {
    pool::Subject subject;
    bool enabled = true; // not disabling, disabled or about to leave
    Track track;
    bool ejected = false;                 // or would have been, and is unhealthy still
    Refusal last_refusal = Refusal::none; // why it is not ejected
};

struct WatchedGroup {
    const Plan& plan;
    Schedule schedule;
    Ejections ejections;
    std::map<std::string, WatchedProcess, std::less<>> processes{}; // by gupid
    std::uint64_t ejected = 0;                                      // in a dry run: would have been
    std::uint64_t refused = 0;
    std::optional<std::uint64_t> last_ejection_usec{}; // since the epoch

    // Of the enabled ones.
    GroupHealth health() const;
};

class Watch {
  public:
    using Time = Schedule::Clock::time_point;

    // plans outlives it. random: any 32 bits, evenly distributed.
    Watch(const std::vector<Plan>& plans, std::function<std::uint32_t()> random)
        : plans_(plans), random_(std::move(random)) {}

    // Nothing where the group has no plan. is_new: it has just been started, so it has a slow
    // start, and its first check is due at once; else within an interval.
    void attach(const Member& member, bool is_new, Time now, std::uint64_t now_usec);
    void detach(const Member& member);
    void note_enabled(const Member& member);

    // Of groups that have gone so many at most are remembered for their cool-downs.
    static constexpr std::size_t most_gone = 1024;
    // Forgets the groups that are not among the present ones, but for those whose cool-down has
    // not passed: should such a group come back (Passenger drops one without processes, and so may
    // a restart), it goes on where it was. Call it at each look, after detach().
    void forget_gone(const std::map<std::string, pool::GroupFacts, std::less<>>& present, Time now);

    std::optional<Time> next_due() const;
    struct Due {
        std::string group;
        std::string gupid;
        const check::Check* check;
    };
    // At most max: those that are due, and those that soon will be, by a twentieth of their
    // interval, and 100 ms, at most. Those that have been due for longest come first, so that a
    // group whose checks take long does not keep others waiting for good. Each must be given back
    // by add() or give_back().
    std::vector<Due> take_due(Time now, std::size_t max);
    // The check of one that was taken came to nothing; it is due again in its time.
    void give_back(const Due& due, Time now);

    // What a result has changed.
    struct Outcome {
        std::optional<Change> change;
        // When it is unhealthy and its plan says "detach"; a refusal only when it is another one
        // than the last of that process.
        std::optional<Decision> decision;
    };
    // begun, ended: of the check. Nothing for a process that has left meanwhile.
    std::optional<Outcome> add(const Due& due, const check::Result& result, Time begun, Time ended,
                               std::uint64_t now_usec);

    // That a decision to eject, in a dry run too, was carried out: it counts to the share, and of
    // that process nothing more is decided while it is unhealthy.
    void note_ejection(std::string_view group, std::string_view gupid, Time now,
                       std::uint64_t now_usec);

    const WatchedGroup* find(std::string_view group) const;
    const WatchedProcess* find(std::string_view group, std::string_view gupid) const;
    const std::map<std::string, WatchedGroup, std::less<>>& groups() const { return groups_; }

  private:
    static std::optional<Decision> decide(WatchedGroup& group, WatchedProcess& process, Time now);

    const std::vector<Plan>& plans_;
    std::function<std::uint32_t()> random_;
    std::map<std::string, WatchedGroup, std::less<>> groups_; // by name
};

} // namespace gangway::watch
