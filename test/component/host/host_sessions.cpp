// The host's sessions: counted, connected without waiting, and pooled, as Passenger's Session and
// Socket do (Core/ApplicationPool/Session.h and Socket.h).
#include "host/test_host.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace gangway::test {

namespace {

union Address {
    sockaddr generic;
    sockaddr_un local;
    sockaddr_in internet;
};

// "unix:/path" or "tcp://127.0.0.1:port".
socklen_t parse_address(const std::string& text, Address& address) {
    if (text.starts_with("unix:")) {
        const std::string path = text.substr(5);
        address.local.sun_family = AF_UNIX;
        std::memcpy(address.local.sun_path, path.data(),
                    std::min(path.size(), sizeof address.local.sun_path - 1));
        return sizeof address.local;
    }
    const std::size_t colon = text.rfind(':');
    std::uint16_t port = 0;
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    address.internet.sin_family = AF_INET;
    address.internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.internet.sin_port = htons(port);
    return sizeof address.internet;
}

bool is_totally_busy(const Process& process, std::int32_t more) {
    const Socket& socket = *const_cast<Process&>(process).request_socket();
    return socket.concurrency > 0 && socket.sessions + more >= socket.concurrency;
}

// As gangway_session_flags says.
bool takes_last_free_slot(const Process& process) {
    const Group& group = *process.group;
    std::uint32_t enabled = 0;
    std::uint32_t free = 0;
    for (const auto& other : group.processes) {
        if (other->enabled == GANGWAY_PROCESS_ENABLED) {
            enabled++;
            free += is_totally_busy(*other, 0) ? 0U : 1U;
        }
    }
    return group.get_wait_list_size > 0 ||
           (is_totally_busy(process, 1) && enabled > 1 && free <= 1);
}

} // namespace

gangway_status TestHost::session_open(gangway_process_ref& ref, std::uint32_t flags,
                                      gangway_session** out) {
    const std::lock_guard lock(mutex_);
    Process& process = *ref.process;
    if ((flags & ~std::uint32_t{GANGWAY_SESSION_LEAVE_A_SLOT}) != 0) {
        return GANGWAY_UNSUPPORTED;
    }
    if (faults_.session_open_fails) {
        return GANGWAY_FAILED;
    }
    if (!process.in_pool) {
        return GANGWAY_NOT_FOUND;
    }
    Socket* const socket = process.request_socket();
    if (socket == nullptr || process.life != GANGWAY_PROCESS_ALIVE ||
        process.enabled == GANGWAY_PROCESS_DISABLED ||
        process.enabled == GANGWAY_PROCESS_DETACHED) {
        return GANGWAY_NOT_ROUTABLE;
    }
    if (socket->concurrency > 0 && socket->sessions >= socket->concurrency) {
        return GANGWAY_BUSY;
    }
    if ((flags & GANGWAY_SESSION_LEAVE_A_SLOT) != 0 && takes_last_free_slot(process)) {
        return GANGWAY_LAST_FREE_SLOT;
    }
    auto& session = sessions_.emplace_back();
    session.ref = &ref;
    session.socket = socket;
    ++socket->sessions;
    ++ref.open_sessions;
    ++open_sessions_;
    process.last_used_usec = now_usec();
    changed_.notify_all();
    *out = &session;
    return GANGWAY_OK;
}

gangway_status TestHost::connect_new(gangway_session& session) {
    Address address{};
    const socklen_t size = parse_address(session.socket->address, address);
    session.connection = Descriptor(
        ::socket(address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    session.state = gangway_session::State::connecting;
    if (::connect(session.connection.get(), &address.generic, size) == 0) {
        return GANGWAY_OK;
    }
    if (errno == EINPROGRESS) {
        return GANGWAY_IN_PROGRESS;
    }
    const int error = errno;
    session.connection.reset();
    session.state = gangway_session::State::opened;
    errno = error;
    return error == EAGAIN ? GANGWAY_AGAIN : GANGWAY_CONNECT_FAILED;
}

gangway_status TestHost::continue_connect(gangway_session& session) {
    pollfd watched{session.connection.get(), POLLOUT, 0};
    if (::poll(&watched, 1, 0) == 0) {
        return GANGWAY_IN_PROGRESS;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(session.connection.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error == 0 ? GANGWAY_OK : GANGWAY_CONNECT_FAILED;
}

gangway_status TestHost::connect_failed(gangway_session& session, int error,
                                        gangway_connection* out) {
    session.state = gangway_session::State::failed;
    session.connection.reset();
    session.ref->process->enabled = GANGWAY_PROCESS_DETACHED;
    out->error = error;
    return GANGWAY_CONNECT_FAILED;
}

gangway_status TestHost::session_connect(gangway_session& session, gangway_connection* out) {
    using State = gangway_session::State;
    const std::lock_guard lock(mutex_);
    if (session.state == State::connected || session.state == State::failed) {
        contract_violation("session_connect called again after its last word");
    }
    *out = {};
    out->fd = -1;
    out->protocol =
        session.socket->protocol == "session" ? GANGWAY_PROTOCOL_SESSION : GANGWAY_PROTOCOL_HTTP;
    gangway_status status = GANGWAY_OK;
    auto& idle = session.socket->idle;
    if (session.state == State::connecting) {
        status = continue_connect(session);
    } else if (!idle.empty()) {
        session.connection = std::move(idle.back());
        idle.pop_back();
        session.reused = true;
    } else {
        status = connect_new(session);
    }
    if (status == GANGWAY_CONNECT_FAILED) {
        return connect_failed(session, errno, out);
    }
    if (status == GANGWAY_OK) {
        session.state = State::connected;
        session.connection_name = describe_descriptor(session.connection.get());
    }
    out->fd = session.connection.get();
    out->reused = session.reused ? 1 : 0;
    return status;
}

void TestHost::session_request_oobw(gangway_session& session) {
    const std::lock_guard lock(mutex_);
    ++session.ref->process->oobw_requests;
}

void TestHost::session_close(gangway_session& session, bool success, bool keep_alive) {
    using State = gangway_session::State;
    const std::lock_guard lock(mutex_);
    const int fd = session.connection.get();
    if (keep_alive && (!success || session.state != State::connected)) {
        contract_violation("session_close wants to keep a connection that broke");
    }
    if (session.state == State::connected && describe_descriptor(fd) != session.connection_name) {
        contract_violation("the module closed a descriptor that belongs to the host");
    }
    if (fd >= 0 && watched_by_epoll(fd)) {
        contract_violation("session_close on a descriptor that an event loop still watches");
    }
    auto& socket = *session.socket;
    // Passenger keeps as many as the concurrency allows: none where it is unlimited or unknown.
    if (keep_alive && static_cast<std::int32_t>(socket.idle.size()) < socket.concurrency) {
        socket.idle.push_back(std::move(session.connection));
    }
    session.connection.reset();
    session.closed = true;
    --socket.sessions;
    ++session.ref->process->processed;
    --session.ref->open_sessions;
    --open_sessions_;
    changed_.notify_all();
}

} // namespace gangway::test
