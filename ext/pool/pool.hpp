// The pool, as everything else in ext/ sees it: a port over the agent's ABI.
//
// AbiPool (abi_pool.hpp) is the real one; tests put a mock or a fake in its place. All of it may be
// used from any thread, but each Session and ProcessRef by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "gangway/agent_abi.h"

namespace gangway::pool {

inline std::string_view view(const gangway_str& str) {
    return {str.data, str.size};
}

inline gangway_str abi(std::string_view str) {
    return {str.data(), str.size()};
}

// The pool at one moment. Owns what it points to; can be moved, not copied.
class Snapshot {
  public:
    Snapshot(std::unique_ptr<std::byte[]> buffer, const gangway_snapshot& data)
        : buffer_(std::move(buffer)), data_(data) {}

    const gangway_snapshot& totals() const { return data_; }
    std::span<const gangway_group> groups() const { return {data_.groups, data_.group_count}; }
    std::span<const gangway_process> processes() const {
        return {data_.processes, data_.process_count};
    }
    std::span<const gangway_process> processes(const gangway_group& group) const {
        return processes().subspan(group.first_process, group.process_count);
    }
    std::span<const gangway_socket> sockets(const gangway_process& process) const {
        return std::span(data_.sockets, data_.socket_count)
            .subspan(process.first_socket, process.socket_count);
    }
    const gangway_group& group(const gangway_process& process) const {
        return groups()[process.group_index];
    }

  private:
    std::unique_ptr<std::byte[]> buffer_;
    gangway_snapshot data_;
};

// One session on one process. Closed by close(), or by its destructor as a failed one.
class Session {
  public:
    virtual ~Session() = default;
    // Never blocks. See gangway_host::session_connect: GANGWAY_OK, GANGWAY_IN_PROGRESS,
    // GANGWAY_AGAIN, GANGWAY_CONNECT_FAILED, GANGWAY_FAILED.
    virtual gangway_status connect(gangway_connection& out) = 0;
    virtual void request_oobw() = 0;
    // The descriptor must be out of every event loop before. The session cannot be used afterwards.
    virtual void close(bool success, bool keep_alive) = 0;
};

// A process that is held on to, in the pool or no longer.
class ProcessRef {
  public:
    virtual ~ProcessRef() = default;
    virtual const gangway_process_identity& identity() const = 0;
    virtual gangway_status state(gangway_process_state& out) const = 0;
    // flags: of gangway_session_flags. GANGWAY_OK: out is set. Else GANGWAY_BUSY,
    // GANGWAY_LAST_FREE_SLOT, GANGWAY_NOT_ROUTABLE, GANGWAY_NOT_FOUND, GANGWAY_FAILED. The session
    // must be gone before the reference is.
    virtual gangway_status open_session(std::uint32_t flags, std::unique_ptr<Session>& out) = 0;
    // Takes the process out of the pool: GANGWAY_OK, or GANGWAY_NOT_FOUND when it has left.
    virtual gangway_status detach() = 0;
};

class Pool {
  public:
    virtual ~Pool() = default;
    // Nothing when the agent could not make it; it has logged why.
    virtual std::optional<Snapshot> snapshot() = 0;
    // Null when there is no such process.
    virtual std::unique_ptr<ProcessRef> find(const gangway_process_id& id) = 0;
};

} // namespace gangway::pool
