// The host's functions on the pool: snapshot, processes, groups, log.
#include "host/test_host.h"

#include <cstdint>

namespace gangway::test {

gangway_status TestHost::snapshot(void* buffer, std::size_t* size, gangway_snapshot* out) {
    const std::lock_guard lock(mutex_);
    if (reinterpret_cast<std::uintptr_t>(buffer) % alignof(std::max_align_t) != 0) {
        contract_violation("the buffer of snapshot() is not aligned as for malloc()");
    }
    if (faults_.snapshot_fails) {
        return GANGWAY_FAILED;
    }
    if (faults_.snapshots_without_space > 0) {
        --faults_.snapshots_without_space;
        *size += 4096;
        return GANGWAY_NO_SPACE;
    }
    const std::size_t capacity = *size;
    *size = write_snapshot(pool_, buffer, capacity, out);
    return *size <= capacity ? GANGWAY_OK : GANGWAY_NO_SPACE;
}

std::shared_ptr<Process> TestHost::find(const gangway_process_id& id) const {
    std::shared_ptr<Process> found;
    for (const auto& group : pool_.groups) {
        for (const auto& process : group->processes) {
            const bool same =
                id.gupid.size == 0
                    ? process->pid == id.pid
                    : process->gupid == std::string_view(id.gupid.data, id.gupid.size);
            if (same && (found == nullptr || found->enabled == GANGWAY_PROCESS_DETACHED)) {
                found = process;
            }
        }
    }
    return found;
}

gangway_status TestHost::process_find(const gangway_process_id& id, gangway_process_ref** out) {
    const std::lock_guard lock(mutex_);
    auto process = find(id);
    if (process == nullptr) {
        return GANGWAY_NOT_FOUND;
    }
    auto& ref = refs_.emplace_back();
    const Group& group = *process->group;
    ref.group_name = group.name;
    ref.password = group.password;
    for (const Socket& socket : process->sockets) {
        if (!socket.accept_http_requests && socket.protocol == "http") {
            ref.debug_address = socket.address;
        }
        if (socket.accept_http_requests) {
            ref.identity.protocol =
                socket.protocol == "session" ? GANGWAY_PROTOCOL_SESSION : GANGWAY_PROTOCOL_HTTP;
        }
    }
    ref.base_uri = group.base_uri;
    ref.identity.base_uri = {ref.base_uri.data(), ref.base_uri.size()};
    ref.identity.pid = process->pid;
    ref.identity.gupid = {process->gupid.data(), process->gupid.size()};
    ref.identity.group_name = {ref.group_name.data(), ref.group_name.size()};
    ref.identity.password = {ref.password.data(), ref.password.size()};
    ref.identity.has_user = group.has_user ? 1 : 0;
    ref.identity.uid = group.has_user ? group.uid : 0;
    ref.identity.debug_address = {ref.debug_address.data(), ref.debug_address.size()};
    ref.process = std::move(process);
    ++open_refs_;
    *out = &ref;
    return GANGWAY_OK;
}

gangway_status TestHost::process_state(const gangway_process_ref& ref, gangway_process_state* out) {
    const std::lock_guard lock(mutex_);
    const Process& process = *ref.process;
    if (!process.in_pool) {
        return GANGWAY_NOT_FOUND;
    }
    out->life = process.life;
    out->enabled = process.enabled;
    out->concurrency = process.sockets.empty() ? -1 : process.sockets.front().concurrency;
    out->sessions = process.sessions();
    out->last_used_usec = process.last_used_usec;
    return GANGWAY_OK;
}

void TestHost::process_release(gangway_process_ref& ref) {
    const std::lock_guard lock(mutex_);
    if (ref.open_sessions != 0) {
        contract_violation("a process reference was released before its sessions were closed");
    }
    ref.released = true;
    ref.process.reset();
    --open_refs_;
}

gangway_status TestHost::process_detach(gangway_process_ref& ref) {
    const std::lock_guard lock(mutex_);
    Process& process = *ref.process;
    if (!process.in_pool || process.enabled == GANGWAY_PROCESS_DETACHED) {
        return GANGWAY_NOT_FOUND;
    }
    process.enabled = GANGWAY_PROCESS_DETACHED;
    if (GANGWAY_MODULE_HAS(&module_, abort_long_running_connections)) { // As Passenger does, here.
        module_.abort_long_running_connections(instance_,
                                               {process.gupid.data(), process.gupid.size()});
    }
    return GANGWAY_OK;
}

void TestHost::log_line(gangway_log_level level, std::string_view line) {
    if (line.empty() || line.find_first_of(std::string_view("\n\r\0", 3)) != line.npos) {
        contract_violation("log() takes one line, not: " + std::string(line));
    }
    const std::lock_guard lock(log_mutex_);
    log_.push_back({level, std::string(line)});
}

} // namespace gangway::test
