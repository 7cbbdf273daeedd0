#include "health/spawning.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "text/json_writer.hpp"
#include "text/utf8.hpp"

namespace gangway::health {

namespace {

using pool::view;

// All groups may fail at once: each is looked for among all.
using GroupsByName = std::unordered_map<std::string_view, const gangway_group*>;

GroupsByName by_name(const std::optional<pool::Snapshot>& snapshot) {
    GroupsByName groups;
    if (snapshot) {
        groups.reserve(snapshot->groups().size());
        for (const gangway_group& group : snapshot->groups()) {
            groups.emplace(view(group.name), &group);
        }
    }
    return groups;
}

// Null where it has left, or was restarted since.
const gangway_group* find(const GroupsByName& groups, std::string_view name,
                          std::string_view uuid) {
    const auto found = groups.find(name);
    return found != groups.end() && view(found->second->uuid) == uuid ? found->second : nullptr;
}

} // namespace

void Spawning::note(const std::vector<Spawn>& spawns) {
    const bool is_news = std::any_of(spawns.begin(), spawns.end(), [this](const Spawn& spawn) {
        return !spawn.error.empty() || errors_.contains(spawn.group);
    });
    if (!is_news) {
        return; // As it should be.
    }
    const std::optional<pool::Snapshot> snapshot = pool_.snapshot();
    const GroupsByName groups = by_name(snapshot);
    for (const Spawn& spawn : spawns) {
        const gangway_group* group = find(groups, spawn.group, spawn.uuid);
        if (spawn.error.empty()) {
            note_success(spawn, group);
        } else if (group != nullptr) {
            note_failure(spawn, *group);
        }
    }
    if (snapshot) {
        std::erase_if(errors_, [&](const auto& each) {
            return find(groups, each.first, each.second.uuid) == nullptr;
        });
    }
}

const SpawnError* Spawning::error_of(const gangway_group& group) const {
    const auto found = errors_.find(view(group.name));
    return found == errors_.end() || found->second.uuid != view(group.uuid) ? nullptr
                                                                            : &found->second;
}

void Spawning::note_failure(const Spawn& spawn, const gangway_group& group) {
    SpawnError& error = errors_[spawn.group];
    if (error.uuid != spawn.uuid) {
        error = {};
        error.uuid = spawn.uuid;
    }
    error.message = head_of(spawn.error, most_message_bytes);
    error.latest_usec = spawn.ended_usec;
    if (error.attempts++ == 0) { // Passenger logs each.
        error.since_usec = spawn.ended_usec;
        log_.warn("no process of " + spawn.group + " can be started: " + error.message);
    }
    publish("spawn_failed", spawn, error, group);
}

void Spawning::note_success(const Spawn& spawn, const gangway_group* group) {
    const auto found = errors_.find(spawn.group);
    if (found == errors_.end() || found->second.uuid != spawn.uuid) {
        return;
    }
    const auto node = errors_.extract(found); // First of all: what follows may lack memory.
    log_.notice("a process of " + spawn.group + " was started, after " +
                std::to_string(node.mapped().attempts) + " failures");
    if (group != nullptr) {
        publish("spawn_recovered", spawn, node.mapped(), *group);
    }
}

void Spawning::publish(std::string_view event, const Spawn& spawn, const SpawnError& error,
                       const gangway_group& group) {
    if (!events_.has_listeners()) {
        return;
    }
    JsonWriter json;
    json.begin_object();
    json.key("at");
    json.time(spawn.ended_usec);
    json.member("group", spawn.group);
    if (!spawn.error.empty()) {
        json.member("message", error.message);
    }
    json.key("since");
    json.time(error.since_usec);
    json.member("attempts", error.attempts);
    json.end_object();
    events_.publish({event, pool::facts_of(group), {}, json.take()});
}

} // namespace gangway::health
