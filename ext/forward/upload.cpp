#include "forward/upload.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

#include "forward/request_encoder.hpp"

namespace gangway::forward {

Upload::Upload(Client client, Upstream& upstream, SilenceWatch& watch)
    : client_(client),
      upstream_(upstream),
      watch_(watch),
      chunked_(client.parser.chunked() && upstream.protocol() == GANGWAY_PROTOCOL_HTTP),
      end_(client.stream.get_executor(), net::steady_timer::time_point::max()) {}

void Upload::start() {
    ended_ = false;
    net::co_spawn(client_.stream.get_executor(), run(), net::detached);
}

net::awaitable<void> Upload::stop() {
    stopping_ = true;
    if (!ended_) {
        client_.stream.cancel();
        upstream_.cancel();
        co_await end_.async_wait(as_result);
    }
}

net::awaitable<void> Upload::run() {
    while (!stopping_) {
        const std::size_t size = co_await read_piece();
        if (stopping_) {
            break;
        }
        if (client_error_) {
            upstream_.cancel(); // Nobody waits for the answer any more.
            break;
        }
        if (size == 0) {
            complete_ = true;
            co_await write_end();
            break;
        }
        // A process that takes no more may have answered already: that is for the other side to
        // see.
        if (!co_await write_piece(size)) {
            break;
        }
    }
    ended_ = true;
    end_.cancel();
}

net::awaitable<std::size_t> Upload::read_piece() {
    auto& body = client_.parser.get().body();
    while (!client_.parser.is_done()) {
        body.data = piece_.data();
        body.size = piece_.size();
        body.more = true;
        error_code ec;
        {
            const SilenceWatch::Pause pause(watch_);
            ec = co_await client_.stream.read_body(client_.buffer, client_.parser, client_.timeout);
        }
        if (ec) {
            client_error_ = ec;
            co_return 0;
        }
        if (const std::size_t size = piece_.size() - body.size; size > 0) {
            co_return size;
        }
    }
    co_return 0;
}

net::awaitable<bool> Upload::write_piece(std::size_t size) {
    const auto piece = net::buffer(piece_.data(), size);
    error_code ec;
    if (chunked_) {
        const std::string head = chunk_head(size);
        const std::array<net::const_buffer, 3> chunk{
            net::buffer(head), piece, net::buffer(chunk_tail.data(), chunk_tail.size())};
        ec = std::get<0>(co_await net::async_write(upstream_.socket(), chunk, as_result));
    } else {
        ec = std::get<0>(co_await net::async_write(upstream_.socket(), piece, as_result));
    }
    watch_.heard();
    co_return !ec;
}

net::awaitable<bool> Upload::write_end() {
    if (chunked_) {
        const auto end = net::buffer(last_chunk.data(), last_chunk.size());
        const auto [ec, size] = co_await net::async_write(upstream_.socket(), end, as_result);
        co_return !ec;
    }
    if (upstream_.protocol() == GANGWAY_PROTOCOL_SESSION) {
        // As Passenger does (SendRequest.cpp, HALF_CLOSE_UPON_REACHING_REQUEST_BODY_END): a body
        // without a length ends so, and the connection is not used again.
        error_code ignored;
        upstream_.socket().shutdown(WorkerSocket::shutdown_send, ignored);
    }
    co_return true;
}

} // namespace gangway::forward
