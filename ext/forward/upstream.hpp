// The connection to a process: over a session of the pool, or to its debug socket.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "admin/problem.hpp"
#include "forward/exchange.hpp"
#include "module/asio.hpp"
#include "module/receive.hpp"
#include "module/send.hpp"
#include "pool/pool.hpp"

namespace gangway::forward {

// Owns the session, if there is one, and closes it as failed when it goes before finish(). The
// descriptor of a session belongs to Passenger: it is only lent to Asio while something has to be
// waited for, and given back before the session is closed. Used on the server's thread only; one
// coroutine may receive and one send at the same time.
class Upstream {
  public:
    // Through the pool.
    Upstream(const Executor& executor, std::unique_ptr<pool::Session> session);
    // To the debug socket of a process: "tcp://HOST:PORT", numeric, or "unix:PATH".
    Upstream(const Executor& executor, std::string_view address, std::int64_t pid);
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    // Whether there is a connection at once.
    bool connect_now();
    // Else, afterwards. Nothing when connected, or when the exchange was cut.
    awaitable<std::optional<admin::Problem>> connect(Exchange& exchange);

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
    void request_oobw();
    // Says that nothing more will be sent.
    void shutdown_send();
    // Interrupts whatever waits on the socket, and lets nothing more happen on it.
    void cancel();
    // Nothing may be done with it afterwards but cancel() and finish(), which then do nothing.
    // keep_alive: Passenger may use the connection for its next request.
    void finish(bool success, bool keep_alive);

  private:
    awaitable<std::optional<admin::Problem>> connect_session(Exchange& exchange);
    awaitable<std::optional<admin::Problem>> connect_direct(Exchange& exchange);
    // Waits for the socket of this descriptor.
    awaitable<error_code> wait(int fd, WorkerSocket::wait_type what);
    void take_back();

    bool direct_;
    std::unique_ptr<pool::Session> session_; // null for a debug socket, and after finish()
    std::string_view address_;               // of a debug socket
    std::int64_t pid_ = 0;                   // of its process
    gangway_connection connection_{-1, 0, GANGWAY_PROTOCOL_HTTP, 0};
    gangway_status connect_status_ = GANGWAY_AGAIN; // of the session
    int fd_ = -1;                                   // of the connection, once there is one
    WorkerSocket socket_;                           // of a session: open while it is lent
};

} // namespace gangway::forward
