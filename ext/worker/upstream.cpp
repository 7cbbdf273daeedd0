#include "worker/upstream.hpp"

#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/process_stat.hpp"
#include "worker/address.hpp"
#include "worker/listener_owner.hpp"
#include "worker/problems.hpp"
#include "worker/routing.hpp"

namespace gangway::worker {

namespace {

// For the next bytes of a process, before they are waited for.
constexpr unsigned looks = 3;

// Where the user database does not answer, only processes of the agent's own user are trusted.
uid_t user_of(const gangway_process_identity& identity) {
    return identity.has_user != 0 ? identity.uid : ::geteuid();
}

} // namespace

Upstream::Upstream(const Executor& executor, std::unique_ptr<pool::Session> session)
    : direct_(false), session_(std::move(session)), socket_(executor) {}

Upstream::Upstream(const Executor& executor, const gangway_process_identity& identity)
    : direct_(true), identity_(&identity), socket_(executor) {}

Upstream::~Upstream() {
    finish(false, false);
}

awaitable<error_code> Upstream::wait(int fd, WorkerSocket::wait_type what) {
    if (!socket_.is_open()) {
        // The family is of no consequence to a connected stream socket.
        socket_.assign(net::generic::stream_protocol(AF_UNIX, 0), fd);
    }
    const auto [ec] = co_await socket_.async_wait(what, as_result);
    co_return ec;
}

void Upstream::take_back() {
    if (socket_.is_open()) {
        error_code ignored;
        socket_.release(ignored);
    }
}

void Upstream::cancel() {
    error_code ignored;
    socket_.cancel(ignored);
    if (fd_ != -1) {
        ::shutdown(fd_, SHUT_RDWR); // What is started later fails at once, too.
    }
}

void Upstream::shutdown_send() {
    ::shutdown(fd_, SHUT_WR);
}

bool Upstream::has_input() const {
    pollfd poll_one{fd_, POLLIN, 0}; // Costs less than to peek.
    return ::poll(&poll_one, 1, 0) > 0;
}

bool Upstream::has_hung_up() const {
    pollfd poll_one{fd_, 0, 0};
    return ::poll(&poll_one, 1, 0) > 0 && (poll_one.revents & (POLLHUP | POLLERR)) != 0;
}

// A fast process has answered by the time that others had their turn. So the event loop is asked
// only after a few looks: to tell it of a connection, and to make it forget that again, costs more
// than all of them.
awaitable<Received> Upstream::receive(net::mutable_buffer space) {
    for (unsigned look = 0; look < looks; look++) {
        co_await begin_look();
        const Received received = end_look(space);
        if (received.error != net::error::would_block) {
            co_return received;
        }
    }
    Received received{net::error::would_block, 0};
    while (received.error == net::error::would_block) {
        const error_code ec = co_await wait(fd_, WorkerSocket::wait_read);
        received = ec ? Received{ec, 0} : receive_now(fd_, space);
    }
    co_return received;
}

// Where the process has closed, its answer may be there already. After any other error, such as
// want of memory, it would wait for the rest of the request, and Gangway for its answer.
Sent Upstream::send_now(Pieces& pieces) {
    const Sent sent = gangway::send_now(fd_, pieces);
    if (sent.error && sent.error != net::error::would_block &&
        sent.error != net::error::broken_pipe && sent.error != net::error::connection_reset) {
        ::shutdown(fd_, SHUT_RDWR);
    }
    return sent;
}

awaitable<Sent> Upstream::send(Pieces& pieces) {
    Sent sent = send_now(pieces);
    while (sent.error == net::error::would_block) {
        const error_code ec = co_await wait(fd_, WorkerSocket::wait_write);
        const Sent more = ec ? Sent{ec, 0} : send_now(pieces);
        sent = {more.error, sent.bytes + more.bytes};
    }
    co_return sent;
}

void Upstream::request_oobw() {
    if (session_ != nullptr) {
        session_->request_oobw();
    }
}

void Upstream::finish(bool success, bool keep_alive) {
    fd_ = -1;
    if (session_ != nullptr) {
        take_back();
        std::exchange(session_, nullptr)->close(success, keep_alive);
    } else if (direct_) {
        error_code ignored;
        socket_.close(ignored);
    }
}

bool Upstream::connect_now() {
    if (direct_) {
        return false;
    }
    connect_status_ = session_->connect(connection_);
    if (connect_status_ == GANGWAY_OK) {
        fd_ = connection_.fd;
    }
    return connect_status_ == GANGWAY_OK;
}

awaitable<std::optional<Problem>> Upstream::connect(Exchange& exchange) {
    exchange.enter(Phase::connecting);
    if (direct_) {
        co_return co_await connect_direct(exchange);
    }
    co_return co_await connect_session(exchange);
}

awaitable<std::optional<Problem>> Upstream::connect_session(Exchange& exchange) {
    bool looked = false;
    unsigned full_queues = 0;
    do {
        switch (connect_status_) {
        case GANGWAY_IN_PROGRESS:
            // To a port of this machine the connection is there by now, as a rule.
            if (looked) {
                co_await wait(connection_.fd, WorkerSocket::wait_write);
                take_back();
            }
            looked = true;
            break;
        case GANGWAY_AGAIN: // The listen queue is full.
            co_await exchange.pause(pause_before(++full_queues));
            break;
        case GANGWAY_CONNECT_FAILED:
            co_return connect_failed(connection_.error);
        default:
            co_return could_not_connect();
        }
    } while (!exchange.is_cut() && !connect_now());
    co_return std::nullopt;
}

awaitable<std::optional<Problem>> Upstream::connect_direct(Exchange& exchange) {
    const auto endpoint = parse_address(pool::view(identity_->debug_address));
    if (!endpoint) {
        co_return could_not_connect();
    }
    const int fd = ::socket(endpoint->protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        co_return could_not_connect();
    }
    error_code not_assigned;
    socket_.assign(endpoint->protocol(), fd, not_assigned);
    if (not_assigned) { // The event loop can take no more.
        ::close(fd);
        co_return could_not_connect();
    }
    auto [ec] = co_await socket_.async_connect(*endpoint, as_result);
    if (exchange.is_cut()) {
        co_return std::nullopt;
    }
    // A port of a process that has died can be had by anybody, who would then be sent the password;
    // and so can its pid. As whoever listens there is the process's user, he has it already.
    if (ec || !is_alive(identity_->pid)) {
        co_return debug_socket_gone(ec);
    }
    const std::optional<uid_t> owner = listener_owner(fd, *endpoint);
    owner_unknown_ = !owner;
    if (owner_unknown_) {
        co_return debug_socket_of_nobody_known();
    }
    if (*owner != user_of(*identity_)) {
        co_return debug_socket_of_another();
    }
    fd_ = fd;
    co_return std::nullopt;
}

} // namespace gangway::worker
