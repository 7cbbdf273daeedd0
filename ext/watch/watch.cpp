#include "watch/watch.hpp"

#include <algorithm>

namespace gangway::watch {

namespace {

// How much earlier than due a check may begin, so as to begin with others: a wake-up of the thread,
// and caches gone cold, cost about as much as a check.
std::chrono::milliseconds early(const Plan& plan) {
    constexpr unsigned part = 20;
    return std::min(plan.interval / part, std::chrono::milliseconds(100));
}

bool is_leaving(check::Reason reason) {
    return reason == check::Reason::gone || reason == check::Reason::detached ||
           reason == check::Reason::shutting_down;
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
    const auto [process, added] = group->second.processes.emplace(
        member.subject.gupid, WatchedProcess{member.subject, enabled, Track(now_usec, not_before)});
    if (!added) {
        return;
    }
    // What is new is looked at soon: until then nobody knows whether it can be relied on. Each
    // keeps its place in the interval, so later checks are spread.
    try {
        group->second.schedule.add(member.subject.gupid, is_new ? now - plan->interval : now);
    } catch (...) {
        group->second.processes.erase(process);
        throw;
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

void Watch::forget_gone(const std::map<std::string, pool::GroupFacts, std::less<>>& present,
                        Time now) {
    std::size_t kept = 0;
    auto longest_ago = groups_.end();
    for (auto it = groups_.begin(); it != groups_.end();) {
        const auto& [name, group] = *it;
        const auto last = group.ejections.last();
        if (!group.processes.empty() || present.contains(name)) {
            ++it;
        } else if (!last || now - *last >= group.plan.ejection.cool_down) {
            it = groups_.erase(it);
        } else {
            kept++;
            if (longest_ago == groups_.end() || *last < *longest_ago->second.ejections.last()) {
                longest_ago = it;
            }
            ++it;
        }
    }
    if (kept > most_gone) { // The next look takes another: they come one by one.
        groups_.erase(longest_ago);
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
    const auto due_before = [](const auto& left, const auto& right) {
        const auto a = left.second.schedule.next_due();
        const auto b = right.second.schedule.next_due();
        return a && (!b || *a < *b);
    };
    std::vector<Due> result;
    while (result.size() < max) {
        const auto next = std::min_element(groups_.begin(), groups_.end(), due_before);
        if (next == groups_.end()) {
            break;
        }
        auto& [name, group] = *next;
        std::vector<std::string> taken;
        try {
            taken = group.schedule.take_due(now + early(group.plan), 1);
            if (taken.empty()) {
                break;
            }
            result.push_back({name, taken.front(), &group.plan.check});
        } catch (...) { // Out of memory: those before it are not lost for it.
            if (!taken.empty()) {
                group.schedule.done(taken.front(), now);
            }
            if (result.empty()) {
                throw;
            }
            break;
        }
    }
    return result;
}

void Watch::give_back(const Due& due, Time now) {
    const auto group = groups_.find(due.group);
    if (group != groups_.end()) {
        group->second.schedule.done(due.gupid, now);
    }
}

std::optional<Watch::Outcome> Watch::add(const Due& due, const check::Result& result, Time begun,
                                         Time ended, std::uint64_t now_usec) {
    const auto group = groups_.find(due.group);
    if (group == groups_.end()) {
        return std::nullopt;
    }
    group->second.schedule.done(due.gupid, ended);
    const auto process = group->second.processes.find(due.gupid);
    if (process == group->second.processes.end()) {
        return std::nullopt;
    }
    if (is_leaving(result.reason)) {
        process->second.enabled = false; // Before the next look: it is not to be counted on.
    }
    if (result.reason == check::Reason::gone) {
        return std::nullopt; // It is about to be dropped.
    }
    Track& track = process->second.track;
    Outcome outcome{track.add(result, group->second.plan.thresholds, begun, now_usec), {}};
    if (track.standing() != Standing::unhealthy) {
        process->second.last_refusal = Refusal::none;
        process->second.ejected = false;
    } else if (!process->second.ejected && group->second.plan.ejection.enabled &&
               result.verdict == check::Verdict::unhealthy) {
        outcome.decision = decide(group->second, process->second, ended);
    }
    return outcome;
}

std::optional<Decision> Watch::decide(WatchedGroup& group, WatchedProcess& process, Time now) {
    // When all begin to fail at once, the first to fall must not find the others healthy still.
    GroupHealth health = group.health();
    for (const auto& [gupid, other] : group.processes) {
        if (other.enabled && other.track.standing() == Standing::healthy &&
            other.track.is_failing()) {
            health.healthy--;
            health.unhealthy++;
        }
    }
    Decision decision = group.ejections.decide(
        group.plan.ejection, health, process.track.is_confirmed(group.plan.thresholds), now);
    if (decision.action != Action::refuse) {
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

void Watch::note_ejection(std::string_view group, std::string_view gupid, Time now,
                          std::uint64_t now_usec) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) {
        return;
    }
    found->second.ejections.note(now);
    found->second.ejected++;
    found->second.last_ejection_usec = now_usec;
    const auto process = found->second.processes.find(gupid);
    if (process != found->second.processes.end()) {
        process->second.ejected = true;
    }
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

} // namespace gangway::watch
