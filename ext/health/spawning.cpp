#include "health/spawning.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "text/json_writer.hpp"
#include "text/utf8.hpp"

namespace gangway::health {

namespace {

using pool::view;

const gangway_group* find(const pool::Snapshot& snapshot, std::string_view name) {
    const auto groups = snapshot.groups();
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const gangway_group& group) {
        return view(group.name) == name;
    });
    return found == groups.end() ? nullptr : &*found;
}

} // namespace

void Spawning::note(const Spawn& spawn) {
    if (spawn.error.empty() && !errors_.contains(spawn.group)) {
        return; // As it should be.
    }
    const std::optional<pool::Snapshot> snapshot = pool_.snapshot();
    if (!snapshot) {
        return;
    }
    std::erase_if(errors_,
                  [&](const auto& each) { return find(*snapshot, each.first) == nullptr; });
    if (spawn.error.empty()) {
        note_success(spawn, *snapshot);
    } else {
        note_failure(spawn, *snapshot);
    }
}

const SpawnError* Spawning::error_of(std::string_view group) const {
    const auto found = errors_.find(group);
    return found == errors_.end() ? nullptr : &found->second;
}

void Spawning::note_failure(const Spawn& spawn, const pool::Snapshot& snapshot) {
    SpawnError& error = errors_[spawn.group];
    error.message = head_of(spawn.error, most_message_bytes);
    error.latest_usec = spawn.ended_usec;
    if (error.attempts++ == 0) { // Passenger logs each.
        error.since_usec = spawn.ended_usec;
        log_.warn("no process of " + spawn.group + " can be started: " + error.message);
    }
    publish("spawn_failed", spawn, error, snapshot);
}

void Spawning::note_success(const Spawn& spawn, const pool::Snapshot& snapshot) {
    const auto node = errors_.extract(spawn.group);
    if (!node.empty()) {
        log_.notice("a process of " + spawn.group + " was started, after " +
                    std::to_string(node.mapped().attempts) + " failures");
        publish("spawn_recovered", spawn, node.mapped(), snapshot);
    }
}

void Spawning::publish(std::string_view event, const Spawn& spawn, const SpawnError& error,
                       const pool::Snapshot& snapshot) {
    const gangway_group* group = events_.has_listeners() ? find(snapshot, spawn.group) : nullptr;
    if (group == nullptr) {
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
    events_.publish({event,
                     {std::string(view(group->uuid)), std::string(view(group->password)),
                      group->has_user != 0, group->uid},
                     {},
                     json.take()});
}

} // namespace gangway::health
