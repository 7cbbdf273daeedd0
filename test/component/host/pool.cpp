#include "host/pool.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>

namespace gangway::test {

namespace {

// Lays out a snapshot: the three arrays, then the strings. Without memory it only counts.
class SnapshotWriter {
  public:
    explicit SnapshotWriter(char* memory) : memory_(memory) {}

    template <class T>
    T* array(std::size_t count) {
        const std::size_t at = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
        used_ = at + count * sizeof(T);
        if (memory_ == nullptr) {
            return nullptr;
        }
        T* const items = static_cast<T*>(static_cast<void*>(memory_ + at));
        std::uninitialized_value_construct_n(items, count);
        return items;
    }

    gangway_str text(const std::string& value) {
        const std::size_t at = used_;
        used_ += value.size();
        if (memory_ == nullptr || value.empty()) {
            return {nullptr, 0};
        }
        std::memcpy(memory_ + at, value.data(), value.size());
        return {memory_ + at, value.size()};
    }

    [[nodiscard]] std::size_t used() const { return used_; }

  private:
    char* memory_;
    std::size_t used_ = 0;
};

constexpr std::array order = {GANGWAY_PROCESS_ENABLED, GANGWAY_PROCESS_DISABLING,
                              GANGWAY_PROCESS_DISABLED, GANGWAY_PROCESS_DETACHED};

std::vector<const Process*> in_order(const Group& group) {
    std::vector<const Process*> processes;
    for (const auto state : order) {
        for (const auto& process : group.processes) {
            if (process->enabled == state) {
                processes.push_back(process.get());
            }
        }
    }
    return processes;
}

std::int32_t busyness(const Process& process) {
    std::int32_t sum = 0;
    for (const Socket& socket : process.sockets) {
        if (socket.concurrency <= 0) {
            sum += socket.sessions;
        } else if (socket.accept_http_requests) {
            const double part = static_cast<double>(socket.sessions) / socket.concurrency;
            return static_cast<std::int32_t>(part * std::numeric_limits<std::int32_t>::max());
        }
    }
    return sum;
}

gangway_metrics metrics_entry(SnapshotWriter& writer, const Metrics& metrics) {
    gangway_metrics entry{};
    entry.valid = metrics.valid ? 1 : 0;
    entry.cpu_percent = metrics.cpu_percent;
    entry.process_group_id = metrics.process_group_id;
    entry.rss_kib = metrics.rss_kib;
    entry.pss_kib = metrics.pss_kib;
    entry.private_dirty_kib = metrics.private_dirty_kib;
    entry.swap_kib = metrics.swap_kib;
    entry.real_memory_kib = metrics.real_memory_kib;
    entry.vmsize_kib = metrics.vmsize_kib;
    entry.command = writer.text(metrics.command);
    return entry;
}

gangway_process process_entry(SnapshotWriter& writer, const Process& process) {
    gangway_process entry{};
    entry.pid = process.pid;
    entry.gupid = writer.text(process.gupid);
    entry.sticky_session_id = process.sticky_session_id;
    entry.concurrency = process.sockets.empty() ? -1 : process.sockets.front().concurrency;
    entry.sessions = process.sessions();
    entry.busyness = busyness(process);
    entry.processed = process.processed;
    entry.life = process.life;
    entry.enabled = process.enabled;
    entry.spawner_creation_time_usec = process.spawner_creation_time_usec;
    entry.spawn_start_time_usec = process.spawn_start_time_usec;
    entry.spawn_end_time_usec = process.spawn_end_time_usec;
    entry.last_used_usec = process.last_used_usec;
    entry.code_revision = writer.text(process.code_revision);
    entry.metrics = metrics_entry(writer, process.metrics);
    entry.socket_count = static_cast<std::uint32_t>(process.sockets.size());
    return entry;
}

gangway_socket socket_entry(SnapshotWriter& writer, const Socket& socket) {
    gangway_socket entry{};
    entry.address = writer.text(socket.address);
    entry.protocol = writer.text(socket.protocol);
    entry.description = writer.text(socket.description);
    entry.concurrency = socket.concurrency;
    entry.sessions = socket.sessions;
    entry.accept_http_requests = socket.accept_http_requests ? 1 : 0;
    return entry;
}

gangway_group group_entry(SnapshotWriter& writer, const Group& group) {
    gangway_group entry{};
    entry.name = writer.text(group.name);
    entry.app_root = writer.text(group.app_root);
    entry.app_type = writer.text(group.app_type);
    entry.environment = writer.text(group.environment);
    entry.uuid = writer.text(group.uuid);
    entry.password = writer.text(group.password);
    entry.has_user = group.has_user ? 1 : 0;
    if (group.has_user) {
        entry.uid = group.uid;
        entry.gid = group.gid;
        entry.user = writer.text(group.user);
        entry.user_group = writer.text(group.user_group);
    }
    entry.life = group.life;
    entry.spawning = group.spawning ? 1 : 0;
    entry.restarting = group.restarting ? 1 : 0;
    entry.enabled_process_count = group.count(GANGWAY_PROCESS_ENABLED);
    entry.disabling_process_count = group.count(GANGWAY_PROCESS_DISABLING);
    entry.disabled_process_count = group.count(GANGWAY_PROCESS_DISABLED);
    entry.detached_process_count = group.count(GANGWAY_PROCESS_DETACHED);
    entry.processes_being_spawned = group.processes_being_spawned;
    entry.capacity_used = entry.enabled_process_count + entry.disabling_process_count +
                          entry.disabled_process_count + entry.processes_being_spawned;
    entry.get_wait_list_size = group.get_wait_list_size;
    entry.disable_wait_list_size = group.disable_wait_list_size;
    entry.process_count = static_cast<std::uint32_t>(group.processes.size());
    return entry;
}

void count_entries(const Pool& pool, gangway_snapshot& snapshot) {
    snapshot.group_count = static_cast<std::uint32_t>(pool.groups.size());
    for (const auto& group : pool.groups) {
        snapshot.process_count += static_cast<std::uint32_t>(group->processes.size());
        for (const auto& process : group->processes) {
            snapshot.socket_count += static_cast<std::uint32_t>(process->sockets.size());
        }
    }
}

std::size_t lay_out(const Pool& pool, char* memory, gangway_snapshot& snapshot) {
    SnapshotWriter writer(memory);
    auto* const groups = writer.array<gangway_group>(snapshot.group_count);
    auto* const processes = writer.array<gangway_process>(snapshot.process_count);
    auto* const sockets = writer.array<gangway_socket>(snapshot.socket_count);
    std::uint32_t group_index = 0;
    std::uint32_t process_index = 0;
    std::uint32_t socket_index = 0;
    for (const auto& group : pool.groups) {
        gangway_group row = group_entry(writer, *group);
        row.first_process = process_index;
        for (const Process* process : in_order(*group)) {
            gangway_process entry = process_entry(writer, *process);
            entry.group_index = group_index;
            entry.first_socket = socket_index;
            for (const Socket& socket : process->sockets) {
                const gangway_socket line = socket_entry(writer, socket);
                if (memory != nullptr) {
                    sockets[socket_index] = line;
                }
                ++socket_index;
            }
            if (memory != nullptr) {
                processes[process_index] = entry;
            }
            ++process_index;
        }
        if (memory != nullptr) {
            groups[group_index] = row;
        }
        ++group_index;
    }
    snapshot.groups = groups;
    snapshot.processes = processes;
    snapshot.sockets = sockets;
    return writer.used();
}

} // namespace

Socket* Process::request_socket() {
    const auto found = std::find_if(sockets.begin(), sockets.end(), [](const Socket& socket) {
        return socket.accept_http_requests;
    });
    return found == sockets.end() ? nullptr : &*found;
}

std::int32_t Process::sessions() const {
    std::int32_t sum = 0;
    for (const Socket& socket : sockets) {
        sum += socket.sessions;
    }
    return sum;
}

std::uint32_t Group::count(gangway_process_enabled state) const {
    return static_cast<std::uint32_t>(
        std::count_if(processes.begin(), processes.end(),
                      [state](const auto& process) { return process->enabled == state; }));
}

std::uint32_t Pool::capacity_used() const {
    std::uint32_t used = 0;
    for (const auto& group : groups) {
        used += static_cast<std::uint32_t>(group->processes.size()) -
                group->count(GANGWAY_PROCESS_DETACHED) + group->processes_being_spawned;
    }
    return used;
}

std::size_t write_snapshot(const Pool& pool, void* buffer, std::size_t capacity,
                           gangway_snapshot* out) {
    gangway_snapshot snapshot{};
    snapshot.taken_at_usec = pool.taken_at_usec != 0 ? pool.taken_at_usec : now_usec();
    snapshot.max = pool.max;
    snapshot.capacity_used = pool.capacity_used();
    snapshot.get_wait_list_size = pool.get_wait_list_size;
    count_entries(pool, snapshot);
    const std::size_t needed = lay_out(pool, nullptr, snapshot);
    if (needed <= capacity) {
        lay_out(pool, static_cast<char*>(buffer), snapshot);
        *out = snapshot;
    }
    return needed;
}

std::uint64_t now_usec() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

} // namespace gangway::test
