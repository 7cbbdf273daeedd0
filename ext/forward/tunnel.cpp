#include "forward/tunnel.hpp"

#include <array>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include "message/read.hpp"

namespace gangway::forward {

Tunnel::Tunnel(const Client& client, Upstream& upstream, Exchange& exchange, Report& report,
               beast::flat_buffer& buffer)
    : client_(client),
      upstream_(upstream),
      exchange_(exchange),
      report_(report),
      buffer_(buffer),
      companion_(client.stream.get_executor()) {}

Tunnel::~Tunnel() {
    if (companion_.is_running()) {
        break_off();
        companion_.finish();
    }
}

awaitable<bool> Tunnel::run() {
    exchange_.enter(Phase::tunnel);
    companion_.start(to_process());
    co_await to_client();
    co_await companion_.ended();
    co_return !broken_;
}

void Tunnel::break_off() {
    broken_ = true;
    upstream_.cancel();
    client_.stream.cancel();
}

awaitable<void> Tunnel::to_process() {
    try {
        co_await move_to_process();
    } catch (...) { // Out of memory, say.
        break_off();
    }
}

awaitable<void> Tunnel::to_client() {
    try {
        co_await move_to_client();
    } catch (...) {
        break_off();
    }
}

awaitable<void> Tunnel::move_to_process() {
    while (!broken_) {
        std::string_view bytes;
        const error_code ec = co_await client_.stream.read_raw(bytes);
        if (ec == net::error::eof) {
            upstream_.shutdown_send();
            if (!client_ended_ && client_.stream.hung_up()) {
                exchange_.enter(Phase::receiving); // Nobody waits for what it may still say.
            }
            co_return;
        }
        if (ec || broken_) {
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
    while (!broken_) {
        error_code ec;
        if (buffer_.size() == 0) {
            const auto [failed, size] =
                co_await upstream_.receive(buffer_.prepare(message::body_read_bytes));
            buffer_.commit(size);
            ec = failed;
        }
        if (ec == net::error::eof) {
            client_ended_ = true;
            client_.stream.shutdown_send();
            co_return;
        }
        if (ec || broken_) {
            break;
        }
        exchange_.heard();
        const std::array<net::const_buffer, 1> buffers{buffer_.data()};
        Pieces pieces(buffers);
        ec = co_await client_.stream.write(pieces, client_.timeout);
        report_.bytes_received += buffer_.size();
        buffer_.clear();
        exchange_.heard();
        if (ec) {
            break;
        }
    }
    break_off();
}

} // namespace gangway::forward
