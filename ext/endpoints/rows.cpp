#include "endpoints/rows.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/process_stat.hpp"
#include "text/served_request.hpp"

namespace gangway::endpoints {

namespace {

using pool::view;

struct Row {
    const pool::Snapshot& snapshot;
    const gangway_process& process;
    const Self& self;

    const gangway_group& group() const { return snapshot.group(process); }
    std::uint64_t now() const { return snapshot.totals().taken_at_usec; }
};

struct Field {
    std::string_view name;
    void (*write)(JsonWriter&, const Row&);
};

// As Passenger measured it: nothing before its first measurement, -1 where the system does not
// tell.
void metric(JsonWriter& json, const Row& row, std::int64_t value, std::int64_t factor = 1) {
    if (row.process.metrics.valid == 0 || value < 0) {
        json.null();
    } else {
        json.number(value * factor);
    }
}

constexpr std::int64_t kib = 1024;

std::int64_t seconds_between(std::uint64_t from_usec, std::uint64_t to_usec) {
    return to_usec > from_usec ? static_cast<std::int64_t>((to_usec - from_usec) / 1'000'000) : 0;
}

std::string_view life_word(gangway_process_life life) {
    constexpr std::array<std::string_view, 3> words{"ALIVE", "SHUTDOWN_TRIGGERED", "DEAD"};
    return words.at(static_cast<std::size_t>(life));
}

std::string_view enabled_word(gangway_process_enabled enabled) {
    constexpr std::array<std::string_view, 4> words{"ENABLED", "DISABLING", "DISABLED", "DETACHED"};
    return words.at(static_cast<std::size_t>(enabled));
}

std::string_view group_life_word(gangway_group_life life) {
    constexpr std::array<std::string_view, 3> words{"ALIVE", "SHUTTING_DOWN", "SHUT_DOWN"};
    return words.at(static_cast<std::size_t>(life));
}

void write_routes(JsonWriter& json, const Row& row) {
    const auto sockets = row.snapshot.sockets(row.process);
    const auto accepts = [](const gangway_socket& s) { return s.accept_http_requests != 0; };
    const auto debugs = [](const gangway_socket& s) {
        return s.accept_http_requests == 0 && view(s.protocol) == "http";
    };
    json.begin_array();
    if (row.process.life == GANGWAY_PROCESS_ALIVE &&
        (row.process.enabled == GANGWAY_PROCESS_ENABLED ||
         row.process.enabled == GANGWAY_PROCESS_DISABLING)) {
        // As Group::route() does: to one that is being disabled only when there is no other.
        const bool has_turn = row.process.enabled == GANGWAY_PROCESS_ENABLED ||
                              row.snapshot.group(row.process).enabled_process_count == 0;
        if (has_turn && std::any_of(sockets.begin(), sockets.end(), accepts)) {
            json.string("pool");
        }
        if (std::any_of(sockets.begin(), sockets.end(), debugs)) {
            json.string("direct");
        }
    }
    json.end_array();
}

void write_sockets(JsonWriter& json, const Row& row) {
    json.begin_array();
    for (const gangway_socket& socket : row.snapshot.sockets(row.process)) {
        json.begin_object();
        json.member("address", view(socket.address));
        json.member("protocol", view(socket.protocol));
        json.key("description");
        string_or_null(json, view(socket.description));
        json.member("concurrency", socket.concurrency);
        json.member("accept_http_requests", socket.accept_http_requests != 0);
        json.member("sessions", socket.sessions);
        json.end_object();
    }
    json.end_array();
}

void write_idle(JsonWriter& json, const Row& row) {
    json.number(row.process.sessions > 0 ? 0
                                         : seconds_between(row.process.last_used_usec, row.now()));
}

const std::vector<ServedRequest>& served(const Row& row) {
    static const std::vector<ServedRequest> none;
    if (row.self.served == nullptr) {
        return none;
    }
    const auto found = row.self.served->find(std::string(view(row.process.gupid)));
    return found == row.self.served->end() ? none : found->second;
}

void write_requests(JsonWriter& json, const Row& row) {
    const bool is_known =
        row.self.served != nullptr && (row.self.served_is_complete || !served(row).empty());
    if (!is_known && row.process.sessions > 0) {
        json.null();
    } else {
        write(json, served(row));
    }
}

// Of its only session exactly; of several Passenger knows the newest, and their requests the
// oldest.
void write_busy_since(JsonWriter& json, const Row& row) {
    const auto& requests = served(row);
    const auto sessions = row.process.sessions;
    if (sessions == 1 || (sessions > 1 && requests.empty())) {
        json.time(row.process.last_used_usec);
    } else if (!requests.empty()) {
        json.time(requests.front().began_at_usec);
    } else {
        json.null();
    }
}

// What continuous checks say.
void write_health(JsonWriter& json, const Row& row) {
    const watch::WatchedProcess* process =
        row.self.watch == nullptr
            ? nullptr
            : row.self.watch->find(view(row.group().name), view(row.process.gupid));
    if (process == nullptr) {
        json.null();
        return;
    }
    json.begin_object();
    json.member("state", word(process->track.standing()));
    json.key("since");
    json.time(process->track.since_usec());
    json.key("reason");
    string_or_null(json, word(process->track.reason()));
    json.end_object();
}

// One table gives the fields' names, their order and how each is written.
constexpr std::array<Field, process_field_count> fields_table{{
    {"pid", [](JsonWriter& j, const Row& r) { j.number(r.process.pid); }},
    {"gupid", [](JsonWriter& j, const Row& r) { j.string(view(r.process.gupid)); }},
    {"group", [](JsonWriter& j, const Row& r) { j.string(view(r.group().name)); }},
    {"state", [](JsonWriter& j, const Row& r) { j.string(state_word(r.process)); }},
    {"life_status", [](JsonWriter& j, const Row& r) { j.string(life_word(r.process.life)); }},
    {"enabled", [](JsonWriter& j, const Row& r) { j.string(enabled_word(r.process.enabled)); }},
    {"concurrency", [](JsonWriter& j, const Row& r) { j.number(r.process.concurrency); }},
    {"sessions", [](JsonWriter& j, const Row& r) { j.number(r.process.sessions); }},
    {"processed", [](JsonWriter& j, const Row& r) { j.number(r.process.processed); }},
    {"busyness", [](JsonWriter& j, const Row& r) { j.number(r.process.busyness); }},
    {"busy_since", write_busy_since},
    {"requests", write_requests},
    {"os_state",
     [](JsonWriter& j, const Row& r) { string_or_null(j, os_state_word(r.process.pid)); }},
    {"routes", write_routes},
    {"sticky_session_id",
     [](JsonWriter& j, const Row& r) { j.number(r.process.sticky_session_id); }},
    {"spawner_creation_time",
     [](JsonWriter& j, const Row& r) { j.time(r.process.spawner_creation_time_usec); }},
    {"spawn_start_time",
     [](JsonWriter& j, const Row& r) { j.time(r.process.spawn_start_time_usec); }},
    {"spawn_end_time", [](JsonWriter& j, const Row& r) { j.time(r.process.spawn_end_time_usec); }},
    {"last_used", [](JsonWriter& j, const Row& r) { j.time(r.process.last_used_usec); }},
    {"uptime_seconds",
     [](JsonWriter& j, const Row& r) {
         j.number(seconds_between(r.process.spawn_end_time_usec, r.now()));
     }},
    {"idle_seconds", write_idle},
    {"code_revision",
     [](JsonWriter& j, const Row& r) { string_or_null(j, view(r.process.code_revision)); }},
    {"cpu_percent",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.cpu_percent); }},
    {"rss_bytes",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.rss_kib, kib); }},
    {"pss_bytes",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.pss_kib, kib); }},
    {"private_dirty_bytes",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.private_dirty_kib, kib); }},
    {"swap_bytes",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.swap_kib, kib); }},
    {"real_memory_bytes",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.real_memory_kib, kib); }},
    {"vmsize_bytes",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.vmsize_kib, kib); }},
    {"process_group_id",
     [](JsonWriter& j, const Row& r) { metric(j, r, r.process.metrics.process_group_id); }},
    {"command",
     [](JsonWriter& j, const Row& r) {
         string_or_null(j, r.process.metrics.valid != 0 ? view(r.process.metrics.command) : "");
     }},
    {"sockets", write_sockets},
    {"health", write_health},
    {"password", [](JsonWriter& j, const Row& r) { j.string(view(r.group().password)); }},
    {"process_password",
     [](JsonWriter& j, const Row& r) {
         j.string(r.self.process_passwords.of(view(r.process.gupid)));
     }},
}};

} // namespace

std::string_view state_word(const gangway_process& process) {
    if (process.life == GANGWAY_PROCESS_DEAD) {
        return "dead";
    }
    if (process.life == GANGWAY_PROCESS_SHUTDOWN_TRIGGERED) {
        return "shutting_down";
    }
    constexpr std::array<std::string_view, 4> words{"enabled", "disabling", "disabled", "detached"};
    return words.at(static_cast<std::size_t>(process.enabled));
}

std::vector<std::string_view> state_words() {
    return {"enabled", "disabling", "disabled", "detached", "shutting_down", "dead"};
}

std::optional<std::size_t> find_process_field(std::string_view name) {
    const auto found = std::find_if(fields_table.begin(), fields_table.end(),
                                    [&](const Field& field) { return field.name == name; });
    return found == fields_table.end() ? std::nullopt
                                       : std::optional<std::size_t>(found - fields_table.begin());
}

std::vector<std::string_view> public_field_names() {
    std::vector<std::string_view> names;
    const FieldSet fields = all_public_fields();
    for (std::size_t i = 0; i < fields_table.size(); i++) {
        if (fields.test(i)) {
            names.push_back(fields_table[i].name);
        }
    }
    return names;
}

FieldSet group_password_field() {
    return FieldSet().set(process_field_count - 2);
}

FieldSet request_fields() {
    return FieldSet().set(*find_process_field("busy_since")).set(*find_process_field("requests"));
}

FieldSet secret_fields() {
    return group_password_field().set(process_field_count - 1);
}

FieldSet all_public_fields() {
    return ~secret_fields();
}

void write_process(JsonWriter& json, const pool::Snapshot& snapshot, const gangway_process& process,
                   const FieldSet& fields, const Self& self) {
    const Row row{snapshot, process, self};
    json.begin_object();
    for (std::size_t i = 0; i < fields_table.size(); i++) {
        if (fields.test(i)) {
            json.key(fields_table.at(i).name);
            fields_table.at(i).write(json, row);
        }
    }
    json.end_object();
}

namespace {

std::int64_t sum_sessions(const pool::Snapshot& snapshot, const gangway_group& group) {
    std::int64_t sum = 0;
    for (const gangway_process& process : snapshot.processes(group)) {
        sum += process.sessions;
    }
    return sum;
}

void write_user(JsonWriter& json, const gangway_group& group) {
    const auto write = [&](std::string_view name, std::string_view text) {
        json.key(name);
        string_or_null(json, group.has_user != 0 ? text : "");
    };
    const auto write_id = [&](std::string_view name, std::uint32_t id) {
        json.key(name);
        if (group.has_user != 0) {
            json.number(id);
        } else {
            json.null();
        }
    };
    write("user", view(group.user));
    write_id("uid", group.uid);
    write("user_group", view(group.user_group));
    write_id("gid", group.gid);
}

void write_spawn_error(JsonWriter& json, const health::SpawnError* error) {
    json.key("spawn_error");
    if (error == nullptr) {
        json.null();
        return;
    }
    json.begin_object();
    json.member("message", error->message);
    json.key("since");
    json.time(error->since_usec);
    json.key("latest");
    json.time(error->latest_usec);
    json.member("attempts", error->attempts);
    json.end_object();
}

} // namespace

void write_group(JsonWriter& json, const pool::Snapshot& snapshot, const gangway_group& group,
                 const Self& self) {
    json.begin_object();
    json.member("name", view(group.name));
    json.member("app_root", view(group.app_root));
    json.key("app_type");
    string_or_null(json, view(group.app_type));
    json.member("environment", view(group.environment));
    json.member("uuid", view(group.uuid));
    json.member("life_status", group_life_word(group.life));
    write_user(json, group);
    json.member("enabled_process_count", group.enabled_process_count);
    json.member("disabling_process_count", group.disabling_process_count);
    json.member("disabled_process_count", group.disabled_process_count);
    json.member("detached_process_count", group.detached_process_count);
    json.member("processes_being_spawned", group.processes_being_spawned);
    json.member("spawning", group.spawning != 0);
    json.member("restarting", group.restarting != 0);
    write_spawn_error(json, self.spawning == nullptr ? nullptr : self.spawning->error_of(group));
    json.member("capacity_used", group.capacity_used);
    json.member("get_wait_list_size", group.get_wait_list_size);
    json.member("disable_wait_list_size", group.disable_wait_list_size);
    json.member("sessions", sum_sessions(snapshot, group));
    json.end_object();
}

void write_pool(JsonWriter& json, const pool::Snapshot& snapshot, const admin::Access& access,
                const Self& self) {
    std::uint64_t capacity_used = 0;
    std::uint64_t groups = 0;
    std::uint64_t processes = 0;
    std::uint64_t queued = 0;
    std::int64_t sessions = 0;
    for (const gangway_group& group : snapshot.groups()) {
        if (access.sees(group)) {
            groups++;
            capacity_used += group.capacity_used;
            processes += group.process_count - group.detached_process_count;
            queued += group.get_wait_list_size;
            sessions += sum_sessions(snapshot, group);
            continue;
        }
        for (const gangway_process& process : snapshot.processes(group)) {
            if (access.sees(group, process)) {
                processes += process.enabled == GANGWAY_PROCESS_DETACHED ? 0U : 1U;
                sessions += process.sessions;
            }
        }
    }
    json.begin_object();
    json.member("gangway_version", std::string_view(GANGWAY_VERSION));
    json.member("passenger_version", self.passenger_version);
    json.key("taken_at");
    json.time(snapshot.totals().taken_at_usec);
    json.member("max", snapshot.totals().max);
    json.member("capacity_used", capacity_used);
    json.member("groups", groups);
    json.member("processes", processes);
    json.member("sessions", sessions);
    json.key("get_wait_list_size");
    if (access.sees_all()) {
        json.number(snapshot.totals().get_wait_list_size);
    } else {
        json.null();
    }
    json.member("group_get_wait_list_size", queued);
    json.key("gangway");
    if (access.sees_all()) {
        write_statistics(json, self.statistics, self.config, self.in_flight);
    } else {
        json.null();
    }
    json.end_object();
}

} // namespace gangway::endpoints
