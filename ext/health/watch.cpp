#include "health/watch.hpp"

#include <algorithm>

namespace gangway::health {

namespace {

// How much earlier than due a check may begin, so as to begin with others: a wake-up of the thread,
// and caches gone cold, cost about as much as a check.
std::chrono::milliseconds early(const Plan& plan) {
    constexpr unsigned part = 20;
    return std::min(plan.interval / part, std::chrono::milliseconds(100));
}

} // namespace

GroupHealth WatchedGroup::health() const {
    GroupHealth result;
    for (const auto& [gupid, process] : processes) {
        if (!process.enabled) {
            continue;
        }
        result.total++;
        switch (process.track.standing()) {
        case Standing::healthy:
            result.healthy++;
            break;
        case Standing::unhealthy:
            result.unhealthy++;
            break;
        case Standing::unknown:
            result.unknown++;
            break;
        }
    }
    return result;
}

void Watch::attach(const Member& member, bool is_new, Time now, std::uint64_t now_usec) {
    const Plan* plan = find_plan(plans_, member.subject.group);
    if (plan == nullptr) {
        return;
    }
    auto group = groups_.find(member.subject.group);
    if (group == groups_.end()) {
        WatchedGroup fresh{*plan, Schedule(plan->interval, plan->jitter_percent, random_), {}};
        group = groups_.emplace(member.subject.group, std::move(fresh)).first;
    }
    const Time not_before = is_new ? now + plan->slow_start : Time::min();
    const bool enabled = member.enabled == GANGWAY_PROCESS_ENABLED;
    const bool added =
        group->second.processes
            .emplace(member.subject.gupid,
                     WatchedProcess{member.subject, enabled, Track(now_usec, not_before)})
            .second;
    if (added) {
        group->second.schedule.add(member.subject.gupid, now);
    }
}

void Watch::detach(const Member& member) {
    const auto group = groups_.find(member.subject.group);
    if (group != groups_.end()) {
        group->second.processes.erase(member.subject.gupid);
        group->second.schedule.remove(member.subject.gupid);
    }
}

void Watch::note_enabled(const Member& member) {
    const auto group = groups_.find(member.subject.group);
    if (group == groups_.end()) {
        return;
    }
    const auto process = group->second.processes.find(member.subject.gupid);
    if (process != group->second.processes.end()) {
        process->second.enabled = member.enabled == GANGWAY_PROCESS_ENABLED;
    }
}

std::optional<Watch::Time> Watch::next_due() const {
    std::optional<Time> result;
    for (const auto& [name, group] : groups_) {
        const auto due = group.schedule.next_due();
        if (due && (!result || *due < *result)) {
            result = due;
        }
    }
    return result;
}

std::vector<Watch::Due> Watch::take_due(Time now, std::size_t max) {
    std::vector<Due> result;
    for (auto& [name, group] : groups_) {
        const Time until = now + early(group.plan);
        for (std::string& gupid : group.schedule.take_due(until, max - result.size())) {
            result.push_back({name, std::move(gupid), &group.plan.check});
        }
    }
    return result;
}

std::optional<Watch::Outcome> Watch::add(const Due& due, const Result& result, Time begun,
                                         Time ended, std::uint64_t now_usec) {
    const auto group = groups_.find(due.group);
    if (group == groups_.end()) {
        return std::nullopt;
    }
    group->second.schedule.done(due.gupid, ended);
    const auto process = group->second.processes.find(due.gupid);
    // One that is gone is about to be dropped.
    if (process == group->second.processes.end() || result.reason == Reason::gone) {
        return std::nullopt;
    }
    Track& track = process->second.track;
    Outcome outcome{track.add(result, group->second.plan.thresholds, begun, now_usec), {}};
    if (track.standing() != Standing::unhealthy) {
        process->second.last_refusal = Refusal::none;
    } else if (group->second.plan.ejection.enabled && result.verdict == Verdict::unhealthy) {
        outcome.decision = decide(group->second, process->second, ended, now_usec);
    }
    return outcome;
}

std::optional<Decision> Watch::decide(WatchedGroup& group, WatchedProcess& process, Time now,
                                      std::uint64_t now_usec) {
    // When all begin to fail at once, the first to fall must not find the others healthy still.
    GroupHealth health = group.health();
    for (const auto& [gupid, other] : group.processes) {
        if (other.enabled && other.track.standing() == Standing::healthy &&
            other.track.is_failing()) {
            health.healthy--;
            health.unhealthy++;
        }
    }
    Decision decision = group.ejections.decide(group.plan.ejection, health, now);
    if (decision.action != Action::refuse) {
        group.ejections.note(now);
        group.ejected++;
        group.last_ejection_usec = now_usec;
        process.last_refusal = Refusal::none;
        return decision;
    }
    group.refused++;
    if (decision.refusal == process.last_refusal) {
        return std::nullopt;
    }
    process.last_refusal = decision.refusal;
    return decision;
}

const WatchedGroup* Watch::find(std::string_view group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

const WatchedProcess* Watch::find(std::string_view group, std::string_view gupid) const {
    const WatchedGroup* watched = find(group);
    if (watched == nullptr) {
        return nullptr;
    }
    const auto found = watched->processes.find(gupid);
    return found == watched->processes.end() ? nullptr : &found->second;
}

} // namespace gangway::health
