#include "watch/ejection.hpp"

#include <algorithm>
#include <utility>

#include "text/duration.hpp"

namespace gangway::watch {

namespace {

Decision refuse(Refusal refusal, std::string sentence) {
    return {Action::refuse, refusal, std::move(sentence)};
}

std::uint64_t allowed(unsigned max_percent, unsigned group_size) {
    return std::max<std::uint64_t>(1, std::uint64_t{max_percent} * group_size / 100);
}

} // namespace

std::string_view word(Refusal refusal) {
    switch (refusal) {
    case Refusal::none:
        return "";
    case Refusal::disabled:
        return "disabled";
    case Refusal::route:
        return "route";
    case Refusal::whole_group:
        return "whole_group";
    case Refusal::floor:
        return "floor";
    case Refusal::share:
        return "share";
    case Refusal::cool_down:
        return "cool_down";
    }
    return "";
}

Decision Ejections::decide(const EjectionPolicy& policy, const GroupHealth& group, bool confirmed,
                           Time now) {
    if (!policy.enabled) {
        return refuse(Refusal::disabled, R"("on_unhealthy" is "none": set it to "detach" to have )"
                                         "unhealthy processes replaced.");
    }
    if (!confirmed) {
        return refuse(
            Refusal::route,
            "It has failed over the debug socket, where a healthy process may fail, too: "
            "it has to fail as often over the way of visitors, or be busy for longer than "
            R"("busy_limit_seconds".)");
    }
    if (group.healthy == 0) {
        return refuse(Refusal::whole_group,
                      "No other process of the group is healthy, so the fault is hardly this "
                      "one's: look at what they share (a database, the check's path, what it "
                      "expects); another has to be healthy first.");
    }
    if (group.healthy < policy.min_healthy) {
        return refuse(Refusal::floor, "Only " + std::to_string(group.healthy) +
                                          R"( healthy would be left, and "min_healthy" is )" +
                                          std::to_string(policy.min_healthy) +
                                          ": more have to become healthy, or lower it.");
    }
    if (!run_.empty() && now - run_.back() >= policy.cool_down) {
        run_.clear();
    }
    group_size_ = run_.empty() ? group.total : std::max(group_size_, group.total);
    if (run_.size() >= allowed(policy.max_percent, group_size_)) {
        return refuse_run(policy, now);
    }
    if (policy.dry_run) {
        return {Action::would_eject, Refusal::none,
                R"("dry_run" is true: set it to false to have this process replaced.)"};
    }
    return {Action::eject, Refusal::none, {}};
}

Decision Ejections::refuse_run(const EjectionPolicy& policy, Time now) const {
    const auto recent = static_cast<std::uint64_t>(std::count_if(
        run_.begin(), run_.end(), [&](Time ejected) { return now - ejected < policy.cool_down; }));
    const std::string wait = whole_seconds(run_.back() + policy.cool_down - now);
    if (recent >= allowed(policy.max_percent, group_size_)) {
        return refuse(Refusal::share, "Of " + std::to_string(group_size_) + " processes " +
                                          std::to_string(recent) + " ejected within " +
                                          whole_seconds(policy.cool_down) +
                                          R"( are all that "max_ejection_percent" )" +
                                          std::to_string(policy.max_percent) +
                                          " allows: raise it, or wait " + wait + ".");
    }
    return refuse(Refusal::cool_down, "The share is used up, and the last ejection was less than " +
                                          whole_seconds(policy.cool_down) +
                                          R"( ago: lower "cool_down_seconds", or wait )" + wait +
                                          ".");
}

} // namespace gangway::watch
