#include "module/client_stream.hpp"

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <poll.h>
#include <sys/socket.h>

#include "module/deadline.hpp"

namespace gangway {

using std::chrono::milliseconds;

struct ClientStream::HangupWatch {
    explicit HangupWatch(std::function<void()> function) : on_hangup(std::move(function)) {}

    std::function<void()> on_hangup;
    bool over = false;
};

ClientStream::ClientStream(net::local::stream_protocol::socket socket)
    : socket_(std::move(socket)) {}

ClientStream::~ClientStream() {
    forget_hangup();
}

std::optional<uid_t> ClientStream::peer_uid() {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return std::nullopt;
    }
    return credentials.uid;
}

net::awaitable<error_code> ClientStream::read_header(beast::flat_buffer& buffer,
                                                     RequestParser& parser, std::uint32_t max_bytes,
                                                     milliseconds timeout) {
    const Deadline deadline(get_executor(), timeout, [this] { cancel(); });
    parser.header_limit(max_bytes);
    const auto [ec, size] = co_await http::async_read_header(socket_, buffer, parser, as_result);
    if (deadline.expired()) {
        co_return error_code(net::error::timed_out);
    }
    // Beast counts the start line and the fields apart.
    co_return !ec && size > max_bytes ? http::error::header_limit : ec;
}

net::awaitable<error_code> ClientStream::read_body(beast::flat_buffer& buffer,
                                                   RequestParser& parser, milliseconds timeout) {
    const Deadline deadline(get_executor(), timeout, [this] { cancel(); });
    const auto [ec, size] = co_await http::async_read_some(socket_, buffer, parser, as_result);
    if (deadline.expired()) {
        co_return error_code(net::error::timed_out);
    }
    co_return ec == http::error::need_buffer ? error_code() : ec;
}

net::awaitable<error_code> ClientStream::write(std::span<const net::const_buffer> buffers,
                                               milliseconds timeout) {
    const Deadline deadline(get_executor(), timeout, [this] { cancel(); });
    const auto [ec, size] = co_await net::async_write(socket_, buffers, as_result);
    co_return deadline.expired() ? error_code(net::error::timed_out) : ec;
}

net::awaitable<void> ClientStream::linger(milliseconds timeout) {
    if (!socket_.is_open()) {
        co_return;
    }
    error_code failed;
    socket_.shutdown(net::local::stream_protocol::socket::shutdown_send, failed);
    const Deadline deadline(get_executor(), timeout, [this] { close(); });
    std::array<char, 4096> rest{};
    while (!failed) {
        const auto [ec, size] = co_await socket_.async_read_some(net::buffer(rest), as_result);
        failed = ec;
    }
    close();
}

// Only a client that has closed makes POLLHUP; one that has shut down its writing makes POLLRDHUP.
bool ClientStream::hung_up() {
    pollfd poll_one{socket_.native_handle(), 0, 0};
    return ::poll(&poll_one, 1, 0) > 0 && (poll_one.revents & POLLHUP) != 0;
}

void ClientStream::watch_hangup(std::function<void()> on_hangup) {
    forget_hangup();
    hangup_watch_ = std::make_shared<HangupWatch>(std::move(on_hangup));
    const auto report = [this, watch = hangup_watch_](error_code ec) {
        if (!ec && !watch->over && hung_up()) {
            watch->over = true;
            watch->on_hangup();
        }
    };
    // Epoll reports an edge: one that came before must be looked for.
    if (hung_up()) {
        net::post(get_executor(), [report] { report(error_code()); });
    } else {
        socket_.async_wait(net::socket_base::wait_error, report);
    }
}

void ClientStream::forget_hangup() {
    if (hangup_watch_) {
        hangup_watch_->over = true;
        hangup_watch_.reset();
    }
}

void ClientStream::cancel() {
    error_code ignored;
    socket_.cancel(ignored);
}

void ClientStream::close() {
    error_code ignored;
    socket_.close(ignored);
}

} // namespace gangway
