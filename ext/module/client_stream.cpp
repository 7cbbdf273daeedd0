#include "module/client_stream.hpp"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <poll.h>
#include <sys/socket.h>

#include "module/deadline.hpp"

namespace gangway {

using std::chrono::milliseconds;

ClientStream::ClientStream(net::local::stream_protocol::socket socket)
    : socket_(std::move(socket)) {}

std::optional<uid_t> peer_uid(net::local::stream_protocol::socket& socket) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
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

ClientStream::HangupWatch::HangupWatch(ClientStream& stream, std::function<void()> on_hangup)
    : over_(std::make_shared<bool>(false)) {
    const auto report = [&stream, over = over_, tell = std::move(on_hangup)](error_code ec) {
        if (!ec && !*over && stream.hung_up()) {
            *over = true;
            tell();
        }
    };
    // Epoll reports an edge: one that came before must be looked for.
    if (stream.hung_up()) {
        net::post(stream.get_executor(), [report] { report(error_code()); });
    } else {
        stream.socket_.async_wait(net::socket_base::wait_error, report);
    }
}

ClientStream::HangupWatch::~HangupWatch() {
    *over_ = true;
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
