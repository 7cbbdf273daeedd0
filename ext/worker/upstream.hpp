// The connection to a process: over a session of the pool, or to its debug socket.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/asio.hpp"
#include "base/receive.hpp"
#include "base/send.hpp"
#include "pool/pool.hpp"
#include "problem/problem.hpp"
#include "worker/exchange.hpp"

namespace gangway::worker {

// Owns the session, if there is one, and closes it as failed when it goes before finish(). The
// descriptor of a session belongs to Passenger: it is only lent to Asio while something has to be
// waited for, and given back before the session is closed. Used on the server's thread only; one
// coroutine may receive and one send at the same time.
class Upstream {
  public:
    // Through the pool.
    Upstream(const Executor& executor, std::unique_ptr<pool::Session> session);
    // To the debug socket of a process: "tcp://HOST:PORT", numeric, or "unix:PATH". The identity
    // must outlive it.
    Upstream(const Executor& executor, const gangway_process_identity& identity);
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    // Whether there is a connection at once.
    bool connect_now();
    // Else, afterwards. Nothing when connected, or when the exchange was cut.
    awaitable<std::optional<Problem>> connect(Exchange& exchange);
    // Why connect() failed: it could not be told whose the debug socket is. The process may be
    // well.
    bool is_owner_unknown() const { return owner_unknown_; }

    awaitable<Received> receive(net::mutable_buffer space);
    // The first look that receive() takes, without a coroutine of its own: await the one, then call
    // the other. net::error::would_block: receive() looks further.
    auto begin_look() { return others_first(socket_.get_executor()); }
    Received end_look(net::mutable_buffer space) { return receive_now(fd_, space); }
    // What the socket takes at once, mostly all. Then net::error::would_block, if not all.
    Sent send_now(Pieces& pieces);
    // The rest.
    awaitable<Sent> send(Pieces& pieces);
    bool is_direct() const { return direct_; }
    gangway_protocol protocol() const { return connection_.protocol; }
    // Whether the connection was kept alive from an earlier request, so that it may have gone
    // stale.
    bool reused() const { return connection_.reused != 0; }
    // Whether there is anything to be read, or nothing more will come. Before a request is sent, a
    // connection on which there is can only be one that went wrong after the request before.
    bool has_input() const;
    // Whether the other end neither sends nor takes anything any more. Over TCP that is told only
    // once something was sent there.
    bool has_hung_up() const;
    void request_oobw();
    // Says that nothing more will be sent.
    void shutdown_send();
    // Interrupts whatever waits on the socket, and lets nothing more happen on it.
    void cancel();
    // Nothing may be done with it afterwards but cancel() and finish(), which then do nothing.
    // keep_alive: Passenger may use the connection for its next request.
    void finish(bool success, bool keep_alive);

  private:
    awaitable<std::optional<Problem>> connect_session(Exchange& exchange);
    awaitable<std::optional<Problem>> connect_direct(Exchange& exchange);
    // Waits for the socket of this descriptor.
    awaitable<error_code> wait(int fd, WorkerSocket::wait_type what);
    void take_back();

    bool direct_;
    bool owner_unknown_ = false;
    std::unique_ptr<pool::Session> session_; // null for a debug socket, and after finish()
    const gangway_process_identity* identity_ = nullptr; // of a debug socket's process
    gangway_connection connection_{-1, 0, GANGWAY_PROTOCOL_HTTP, 0};
    gangway_status connect_status_ = GANGWAY_AGAIN; // of the session
    int fd_ = -1;                                   // of the connection, once there is one
    WorkerSocket socket_;                           // of a session: open while it is lent
};

} // namespace gangway::worker
