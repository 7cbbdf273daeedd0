#include "server/listener.hpp"

#include <cerrno>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "base/guard.hpp"
#include "base/turns.hpp"

namespace gangway::server {

namespace {

// When the process has no descriptor left; asking again at once would only burn CPU.
constexpr std::chrono::milliseconds exhausted_pause{100};

} // namespace

Listener::Listener(net::io_context& io, int fd, const Log& log, OnAccept on_accept)
    : io_(io),
      acceptor_(io, net::local::stream_protocol(), fd),
      pause_(io),
      log_(log),
      on_accept_(std::move(on_accept)) {}

Listener::~Listener() {
    close();
}

void Listener::close() {
    closed_ = true;
    pause_.cancel();
    if (acceptor_.is_open()) {
        error_code ignored;
        acceptor_.release(ignored);
    }
}

void Listener::ensure_running() {
    if (running_ || closed_) {
        return;
    }
    running_ = true;
    try {
        net::co_spawn(io_, run(), [](const std::exception_ptr& failure) {
            if (failure) {
                std::rethrow_exception(failure);
            }
        });
    } catch (...) {
        running_ = false;
        throw;
    }
}

awaitable<void> Listener::run() {
    const Guard at_end([this] { running_ = false; });
    while (!closed_) {
        const auto [ec] = co_await acceptor_.async_wait(net::socket_base::wait_read, as_result);
        if (ec || closed_) {
            co_return;
        }
        if (!co_await accept_all()) {
            co_return;
        }
    }
}

void Listener::hand_over(int fd) {
    bool assigned = false;
    try {
        ClientSocket socket(io_);
        socket.assign(net::local::stream_protocol(), fd);
        assigned = true; // So it closes it, wherever it goes.
        on_accept_(std::move(socket));
    } catch (const std::exception& e) { // Out of memory, say.
        if (!assigned) {
            ::close(fd);
        }
        log_.exception("a connection is lost", e);
    }
}

awaitable<bool> Listener::accept_all() {
    auto begin = Turns::Clock::now();
    while (!closed_) {
        // Asio's own accept makes a descriptor that a process forked in between would inherit.
        const int fd =
            ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            hand_over(fd);
            // They want to be served, too; each costs what a Connection does.
            if (Turns::Clock::now() - begin >= Turns::length) {
                co_await others_first(io_.get_executor());
                begin = Turns::Clock::now();
            }
            continue;
        }
        if (errno == EAGAIN) {
            co_return true;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log_.warn("cannot accept a connection on the admin socket: " +
                      std::generic_category().message(errno));
            pause_.expires_after(exhausted_pause);
            co_await pause_.async_wait(as_result);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            log_.error("the admin socket is lost: " + std::generic_category().message(errno));
            co_return false;
        }
    }
    co_return false;
}

} // namespace gangway::server
