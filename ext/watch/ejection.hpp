// May an unhealthy process be ejected (detached, so that Passenger replaces it) now?
//
// Pure; one thread at a time.
//
// Checks that err must not do more harm than sick processes do. Therefore, in this order:
//  - A process must have failed on the way of visitors as often as it takes to be unhealthy: what
//  is
//    wrong over the debug socket alone may be the route's fault (route).
//  - With no other process healthy none is ejected: the fault is then hardly the worker's, and its
//    replacement would fail as well (whole_group).
//  - min_healthy healthy ones must be left. The candidate is not one of them, and those whose
//    standing is unknown, as that of a replacement is, do not count either (floor).
//  - Ejections come in runs: in a run each is less than cool_down after the one before. A run may
//    take max_percent of the group, rounded down, but in any case one process: else no small group
//    would ever be mended (Envoy's outlier detection: max_ejection_percent, which also lets the
//    first host be ejected whatever the share is). Then there is none until cool_down has passed
//    since the run's last, so that its replacements show first whether ejecting helps. The refusal
//    says share while as many as may be were ejected within the last cool_down, and from then on
//    cool_down.
// Envoy's ejected hosts come back, and count while they are out; ours are replaced at an unknown
// time, and so count for a cool_down. For the same reason the share is one of what the group had
// when the run began, or has had since if that is more: a run makes its own share no smaller.
//
// A cool_down of 0 ends each run at once; then only whole_group and floor refuse.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::watch {

// A group's configuration; the keys are those of docs/configuration.md.
struct EjectionPolicy {
    bool enabled = false; // "on_unhealthy" is "detach"
    bool dry_run = false;
    unsigned max_percent = 10; // "max_ejection_percent"
    unsigned min_healthy = 1;
    std::chrono::milliseconds cool_down = std::chrono::seconds(60);
};

// How many of a group's enabled processes are in each standing; unhealthy includes the candidate
// and, where ejections are decided, those that are healthy still but have failed their last check.
struct GroupHealth {
    unsigned total = 0;
    unsigned healthy = 0;
    unsigned unhealthy = 0;
    unsigned unknown = 0;
};

enum class Action : std::uint8_t {
    eject,
    would_eject, // a dry run
    refuse,
};

enum class Refusal : std::uint8_t {
    none, // with any other action
    disabled,
    route,
    whole_group,
    floor,
    share,
    cool_down,
};

// "whole_group": the same word in answers, log and events.
std::string_view word(Refusal refusal);

struct Decision {
    Action action;
    Refusal refusal;
    std::string sentence; // what would have to change; empty with eject
};

// Of one group. After each eject or would_eject, and before the next decide(), call note(): at the
// decision, not when the process has gone. Dry runs are noted too, and so show the true rate.
class Ejections {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // confirmed: the candidate's failures do not depend on the route (Track::is_confirmed()).
    Decision decide(const EjectionPolicy& policy, const GroupHealth& group, bool confirmed,
                    Time now);
    void note(Time now) { run_.push_back(now); }
    // The last of the run; nothing while there is none.
    std::optional<Time> last() const {
        return run_.empty() ? std::nullopt : std::optional(run_.back());
    }

  private:
    Decision refuse_run(const EjectionPolicy& policy, Time now) const;

    std::vector<Time> run_;   // in order; not longer than the share
    unsigned group_size_ = 0; // of which the run's share is one
};

} // namespace gangway::watch
