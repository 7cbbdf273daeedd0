// The host's pool: what a test sets up, and what Passenger would have behind the agent ABI.
#pragma once

#include "host/worker.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gangway::test {

struct Group;

struct Socket {
    std::string address;
    std::string protocol = "session";
    std::string description;
    std::int32_t concurrency = 1;
    std::int32_t sessions = 0;
    bool accept_http_requests = true;
    std::shared_ptr<Worker> worker; // none: nobody is behind the address
    std::vector<Descriptor> idle;   // connections that were kept alive
};

struct Metrics {
    bool valid = false;
    std::uint8_t cpu_percent = 0;
    std::int32_t process_group_id = 0;
    std::int64_t rss_kib = 0;
    std::int64_t pss_kib = 0;
    std::int64_t private_dirty_kib = 0;
    std::int64_t swap_kib = 0;
    std::int64_t real_memory_kib = 0;
    std::int64_t vmsize_kib = 0;
    std::string command;
};

// Its fields are guarded by the host's lock once the module runs.
struct Process {
    std::int64_t pid = 0;
    std::string gupid;
    Group* group = nullptr;
    std::uint32_t sticky_session_id = 0;
    std::uint32_t processed = 0;
    gangway_process_life life = GANGWAY_PROCESS_ALIVE;
    gangway_process_enabled enabled = GANGWAY_PROCESS_ENABLED;
    std::uint64_t spawner_creation_time_usec = 0;
    std::uint64_t spawn_start_time_usec = 0;
    std::uint64_t spawn_end_time_usec = 0;
    std::uint64_t last_used_usec = 0;
    std::string code_revision;
    Metrics metrics;
    std::vector<Socket> sockets;
    bool in_pool = true;
    unsigned oobw_requests = 0;

    // The socket that Passenger routes requests to, if there is one.
    [[nodiscard]] Socket* request_socket();
    [[nodiscard]] std::int32_t sessions() const;
    // The stand-in behind the first, or the given, socket.
    [[nodiscard]] Worker& worker(std::size_t index = 0) const { return *sockets.at(index).worker; }
    [[nodiscard]] std::string id() const { return std::to_string(pid); }
};

struct Group {
    std::string name;
    std::string app_root = "/srv/app";
    std::string app_type = "ruby";
    std::string environment = "production";
    std::string uuid = "uuid-1";
    std::string base_uri = "/";
    std::string password = "group-password";
    bool has_user = true;
    std::uint32_t uid = 4'000'001; // nobody's
    std::uint32_t gid = 4'000'001;
    std::string user = "app";
    std::string user_group = "apps";
    gangway_group_life life = GANGWAY_GROUP_ALIVE;
    bool spawning = false;
    bool restarting = false;
    std::uint32_t processes_being_spawned = 0;
    std::uint32_t get_wait_list_size = 0;
    std::uint32_t disable_wait_list_size = 0;
    std::vector<std::shared_ptr<Process>> processes;

    [[nodiscard]] std::uint32_t count(gangway_process_enabled state) const;
};

struct Pool {
    std::uint32_t max = 6;
    std::uint32_t get_wait_list_size = 0;
    std::uint64_t taken_at_usec = 0; // 0: the time of the snapshot
    std::vector<std::unique_ptr<Group>> groups;

    [[nodiscard]] std::uint32_t capacity_used() const;
};

// Writes the pool into buffer as the ABI says. Returns the size that it takes; nothing is written
// where that is more than capacity.
std::size_t write_snapshot(const Pool& pool, void* buffer, std::size_t capacity,
                           gangway_snapshot* out);

std::uint64_t now_usec();

} // namespace gangway::test
