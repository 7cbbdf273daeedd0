// Accepts the clients of the admin socket.
#pragma once

#include <functional>

#include <boost/asio/basic_socket_acceptor.hpp>

#include "base/asio.hpp"
#include "base/log.hpp"

namespace gangway::server {

// Used on the server's thread only.
class Listener {
  public:
    using OnAccept = std::function<void(ClientSocket)>;

    // fd listens, is non-blocking, and stays the caller's.
    Listener(net::io_context& io, int fd, const Log& log, OnAccept on_accept);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Begins to accept, and begins anew where that ended before close(), by an exception. The
    // io_context's run() throws that.
    void ensure_running();
    void close();

  private:
    awaitable<void> run();
    // False when there is nobody to accept any more.
    awaitable<bool> accept_all();
    void hand_over(int fd);

    net::io_context& io_;
    net::basic_socket_acceptor<net::local::stream_protocol, Executor> acceptor_;
    Timer pause_;
    const Log& log_;
    OnAccept on_accept_;
    bool running_ = false;
    bool closed_ = false;
};

} // namespace gangway::server
