#include "forward/tunnel.hpp"

#include <array>
#include <chrono>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include "base/process_stat.hpp"
#include "wire/read.hpp"

namespace gangway::forward {

namespace {

// Between two looks whether a process that has ended its direction is still there.
constexpr std::chrono::seconds look_pause{1};

} // namespace

Tunnel::Tunnel(const Client& client, worker::Upstream& upstream, worker::Exchange& exchange,
               Report& report, beast::flat_buffer& buffer)
    : client_(client),
      upstream_(upstream),
      exchange_(exchange),
      report_(report),
      buffer_(buffer),
      look_(client.stream.get_executor()),
      companion_(client.stream.get_executor()) {}

Tunnel::~Tunnel() {
    if (companion_.is_running()) {
        break_off();
        companion_.finish();
    }
}

awaitable<bool> Tunnel::run() {
    exchange_.enter(worker::Phase::tunnel);
    companion_.start(to_process());
    co_await to_client();
    co_await companion_.ended();
    co_return !broken_;
}

void Tunnel::end() {
    over_ = true;
    upstream_.cancel();
    client_.stream.cancel();
    look_.cancel();
}

void Tunnel::break_off() {
    if (!over_) {
        broken_ = true;
        end();
    }
}

awaitable<void> Tunnel::to_process() {
    try {
        co_await move_to_process();
    } catch (...) { // Out of memory, say.
        break_off();
    }
    look_.cancel();
}

awaitable<void> Tunnel::to_client() {
    try {
        co_await move_to_client();
    } catch (...) {
        break_off();
    }
}

awaitable<void> Tunnel::move_to_process() {
    while (goes_on()) {
        std::string_view bytes;
        const error_code ec = co_await client_.stream.read_raw(bytes);
        if (ec == net::error::eof) {
            upstream_.shutdown_send();
            exchange_.enter(worker::Phase::half_closed);
            co_return;
        }
        if (!ec && !client_.stream.has_turn()) {
            co_await client_.stream.let_others_go();
        }
        if (ec || !goes_on()) {
            break;
        }
        exchange_.heard();
        const std::array<net::const_buffer, 1> buffers{net::buffer(bytes.data(), bytes.size())};
        Pieces pieces(buffers);
        const Sent sent = co_await upstream_.send(pieces);
        report_.bytes_sent += sent.bytes;
        exchange_.heard();
        if (sent.error) {
            break;
        }
    }
    break_off();
}

awaitable<void> Tunnel::move_to_client() {
    while (goes_on()) {
        error_code ec;
        if (buffer_.size() == 0) {
            const auto [failed, size] =
                co_await upstream_.receive(buffer_.prepare(wire::body_read_bytes));
            buffer_.commit(size);
            ec = failed;
        }
        if (ec == net::error::eof && goes_on()) { // Else it is of our own making.
            co_await let_client_finish();
            co_return;
        }
        if (!ec && !client_.stream.has_turn()) {
            co_await client_.stream.let_others_go();
        }
        if (ec || !goes_on()) {
            break;
        }
        exchange_.heard();
        const std::array<net::const_buffer, 1> buffers{buffer_.data()};
        Pieces pieces(buffers);
        ec = client_.stream.write_now(pieces);
        if (ec == net::error::would_block) {
            const worker::Exchange::ClientTurn turn(exchange_);
            ec = co_await client_.stream.write(pieces, client_.timeout);
        }
        report_.bytes_received += buffer_.size();
        buffer_.clear();
        exchange_.heard();
        if (ec) {
            break;
        }
    }
    break_off();
}

// A process may have ended its own direction only, and still take what the client sends.
awaitable<void> Tunnel::let_client_finish() {
    client_.stream.shutdown_send();
    exchange_.enter(worker::Phase::half_closed);
    while (companion_.is_running() && goes_on()) {
        if (process_is_gone()) {
            end();
        } else {
            look_.expires_after(look_pause);
            co_await look_.async_wait(as_result);
        }
    }
}

// A process that exits may be seen to live for a moment after its sockets were closed.
bool Tunnel::process_is_gone() const {
    return upstream_.has_hung_up() || !is_alive(report_.pid);
}

} // namespace gangway::forward
