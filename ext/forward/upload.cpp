#include "forward/upload.hpp"

#include <array>

#include <boost/asio/buffer.hpp>

#include "message/chunk.hpp"

namespace gangway::forward {

Upload::Upload(const UploadSource& source, worker::Upstream& upstream, worker::Exchange& exchange,
               Report& report)
    : source_(source),
      upstream_(upstream),
      exchange_(exchange),
      report_(report),
      complete_(source.spool != nullptr) {}

void Upload::start() {
    companion_.emplace(source_.client.stream.get_executor());
    companion_->start(run());
}

Upload::~Upload() {
    if (!ended()) {
        interrupt();
        companion_->finish();
    }
}

void Upload::interrupt() {
    stopping_ = true;
    source_.client.stream.cancel();
    upstream_.cancel();
}

awaitable<void> Upload::stop() {
    if (!ended()) {
        interrupt();
        co_await companion_->ended();
    }
}

awaitable<void> Upload::run() {
    try {
        co_await move();
    } catch (...) { // Out of memory, say. Whoever waits for the answer finds out.
        client_error_ = net::error::no_memory;
        upstream_.cancel();
    }
}

awaitable<void> Upload::move() {
    while (!stopping_) {
        std::string_view piece;
        co_await read_piece(piece);
        if (!source_.client.stream.has_turn()) { // A spooled body never waits for anybody.
            co_await source_.client.stream.let_others_go();
        }
        if (stopping_) {
            co_return;
        }
        if (client_error_) {
            upstream_.cancel(); // Nobody waits for the answer any more.
            co_return;
        }
        if (piece.empty()) {
            complete_ = true;
            co_await write_end();
            exchange_.request_sent();
            co_return;
        }
        // A process that takes no more may have answered already: that is for the other side to
        // see.
        if (!co_await write_piece(piece)) {
            co_return;
        }
    }
}

awaitable<void> Upload::read_piece(std::string_view& piece) {
    if (source_.spool != nullptr) {
        piece = source_.spool->next();
        client_error_ = piece.empty() ? source_.spool->error() : error_code();
        co_return;
    }
    const worker::Exchange::ClientTurn turn(exchange_);
    const Client& client = source_.client;
    client_error_ = co_await client.stream.read_piece(client.parser, client.max_header_bytes,
                                                      client.timeout, piece);
}

awaitable<bool> Upload::write_piece(std::string_view piece) {
    const std::string head =
        source_.body.chunked ? message::chunk_head(piece.size()) : std::string();
    const std::string_view tail = source_.body.chunked ? message::chunk_tail : std::string_view();
    const std::array<net::const_buffer, 3> buffers{net::buffer(head),
                                                   net::buffer(piece.data(), piece.size()),
                                                   net::buffer(tail.data(), tail.size())};
    Pieces pieces(buffers);
    const Sent sent = co_await upstream_.send(pieces);
    report_.bytes_sent += piece.size();
    exchange_.heard();
    co_return !sent.error;
}

awaitable<void> Upload::write_end() {
    if (source_.body.chunked) {
        const std::string end =
            message::chunked_end(worker::request_trailers(source_.client.head().trailers));
        const std::array<net::const_buffer, 1> buffers{net::buffer(end)};
        Pieces pieces(buffers);
        co_await upstream_.send(pieces);
    } else if (upstream_.protocol() == GANGWAY_PROTOCOL_SESSION) {
        // As Passenger does (SendRequest.cpp, HALF_CLOSE_UPON_REACHING_REQUEST_BODY_END); the
        // connection is not used again.
        upstream_.shutdown_send();
    }
}

} // namespace gangway::forward
