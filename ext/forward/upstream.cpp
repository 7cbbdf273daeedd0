#include "forward/upstream.hpp"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/socket.h>

#include "forward/problems.hpp"

namespace gangway::forward {

namespace {

using admin::Problem;

// Between two looks at a worker whose listen queue is full.
constexpr std::chrono::milliseconds full_queue_pause{5};

// False for a process that has ended, reaped or not (proc(5), /proc/PID/stat).
bool is_alive(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(')'); // The name may hold anything.
    return name_end != std::string::npos && name_end + 2 < stat.size() &&
           stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

// Nothing for an address that cannot be understood.
std::optional<net::generic::stream_protocol::endpoint> parse_address(std::string_view address) {
    constexpr std::string_view unix_prefix = "unix:";
    constexpr std::string_view tcp_prefix = "tcp://";
    if (address.starts_with(unix_prefix)) {
        return net::local::stream_protocol::endpoint(address.substr(unix_prefix.size()));
    }
    const std::size_t colon = address.rfind(':');
    if (!address.starts_with(tcp_prefix) || colon < tcp_prefix.size()) {
        return std::nullopt;
    }
    const std::string_view port_text = address.substr(colon + 1);
    std::uint16_t port = 0;
    std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    std::string_view host = address.substr(tcp_prefix.size(), colon - tcp_prefix.size());
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    error_code ec;
    const auto ip = net::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
    if (ec || port == 0) {
        return std::nullopt;
    }
    return net::ip::tcp::endpoint(ip, port);
}

} // namespace

Upstream::Upstream(const Executor& executor, std::unique_ptr<pool::Session> session)
    : direct_(false), session_(std::move(session)), socket_(executor) {}

Upstream::Upstream(const Executor& executor, std::string_view address, std::int64_t pid)
    : direct_(true), address_(address), pid_(pid), socket_(executor) {}

Upstream::~Upstream() {
    finish(false, false);
}

void Upstream::lend(int fd) {
    // The family is of no consequence to a connected stream socket.
    socket_.assign(net::generic::stream_protocol(AF_UNIX, 0), fd);
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
    // What is started later fails at once, too.
    socket_.shutdown(WorkerSocket::shutdown_both, ignored);
}

void Upstream::shutdown_send() {
    error_code ignored;
    socket_.shutdown(WorkerSocket::shutdown_send, ignored);
}

bool Upstream::has_input() {
    char byte = 0;
    const ssize_t size =
        ::recv(socket_.native_handle(), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    return size >= 0 || (errno != EAGAIN && errno != EINTR);
}

void Upstream::request_oobw() {
    if (session_ != nullptr) {
        session_->request_oobw();
    }
}

void Upstream::finish(bool success, bool keep_alive) {
    if (session_ != nullptr) {
        take_back();
        std::exchange(session_, nullptr)->close(success, keep_alive);
    } else if (direct_) {
        error_code ignored;
        socket_.close(ignored);
    }
}

awaitable<error_code> Upstream::until_writable() {
    auto [ec] = co_await socket_.async_wait(WorkerSocket::wait_write, as_result);
    co_return ec;
}

awaitable<std::optional<Problem>> Upstream::connect(Exchange& exchange) {
    exchange.enter(Phase::connecting);
    if (direct_) {
        co_return co_await connect_direct(exchange);
    }
    co_return co_await connect_session(exchange);
}

awaitable<std::optional<Problem>> Upstream::connect_session(Exchange& exchange) {
    for (;;) {
        const gangway_status status = session_->connect(connection_);
        switch (status) {
        case GANGWAY_OK:
            lend(connection_.fd);
            co_return std::nullopt;
        case GANGWAY_IN_PROGRESS:
            lend(connection_.fd);
            co_await until_writable();
            take_back();
            break;
        case GANGWAY_AGAIN:
            co_await exchange.pause(full_queue_pause);
            break;
        case GANGWAY_CONNECT_FAILED:
            co_return connect_failed(connection_.error);
        default:
            co_return could_not_connect();
        }
        if (exchange.is_cut()) {
            co_return std::nullopt;
        }
    }
}

awaitable<std::optional<Problem>> Upstream::connect_direct(Exchange& exchange) {
    const auto endpoint = parse_address(address_);
    if (!endpoint) {
        co_return could_not_connect();
    }
    const int fd = ::socket(endpoint->protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        co_return could_not_connect();
    }
    socket_.assign(endpoint->protocol(), fd);
    auto [ec] = co_await socket_.async_connect(*endpoint, as_result);
    if (exchange.is_cut()) {
        co_return std::nullopt;
    }
    // A port of a process that has died can be had by anybody, who would then be sent the password.
    // As the process still lives after the connection was made, it is the one that was connected
    // to.
    if (ec || !is_alive(pid_)) {
        co_return debug_socket_gone(ec);
    }
    co_return std::nullopt;
}

} // namespace gangway::forward
