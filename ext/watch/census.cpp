#include "watch/census.hpp"

#include <utility>

namespace gangway::watch {

using pool::view;

Census::Changes Census::update(const pool::Snapshot& snapshot) {
    Changes changes;
    Members before = std::exchange(members_, {});
    try {
        compare(snapshot, before, changes);
    } catch (...) {
        for (const Member& member : changes.attached) {
            forget(member.subject.gupid);
        }
        members_.merge(before);
        throw;
    }
    return changes;
}

void Census::forget(std::string_view gupid) {
    const auto found = members_.find(gupid);
    if (found != members_.end()) {
        members_.erase(found);
    }
}

void Census::compare(const pool::Snapshot& snapshot, Members& before, Changes& changes) {
    std::map<std::string, pool::GroupFacts, std::less<>> groups;
    for (const gangway_group& group : snapshot.groups()) {
        const std::string name(view(group.name));
        const auto known = groups_.find(name);
        if (known != groups_.end() && known->second.uuid != view(group.uuid)) {
            changes.restarted.push_back(name);
        }
        groups[name] = pool::facts_of(group);
        for (const gangway_process& process : snapshot.processes(group)) {
            if (process.enabled == GANGWAY_PROCESS_DETACHED) {
                continue;
            }
            auto node = before.extract(std::string(view(process.gupid)));
            if (node.empty()) {
                Member member{{process.pid, std::string(view(process.gupid)), name},
                              process.enabled};
                changes.attached.push_back(member);
                members_.emplace(member.subject.gupid, std::move(member));
            } else {
                node.mapped().enabled = process.enabled;
                members_.insert(std::move(node));
            }
        }
    }
    changes.detached.reserve(before.size());
    for (auto& [gupid, member] : before) { // From here on nothing throws.
        changes.detached.push_back(std::move(member));
    }
    for (const auto& [name, facts] : groups) {
        groups_.erase(name);
    }
    changes.gone = std::exchange(groups_, std::move(groups));
}

} // namespace gangway::watch
