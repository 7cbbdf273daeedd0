// Reads the head of a process's answer.
#pragma once

#include "base/asio.hpp"
#include "message/parser.hpp"
#include "wire/read.hpp"
#include "worker/exchange.hpp"
#include "worker/upstream.hpp"

namespace gangway::worker {

// The next one, final or interim, into parser, as reading takes it; buffer keeps what is behind it.
// An error of Beast's for what is no head, one of Asio's where none comes. A Reader has
//
//     void heard(LazyTimer::Clock::time_point now);   some bytes have come
//     bool has_turn();                                before they are parsed
//     awaitable<void> let_others_go();                where it has none
template <typename Reader>
awaitable<error_code> read_answer_head(Upstream& upstream, Exchange& exchange,
                                       beast::flat_buffer& buffer, message::AnswerParser& parser,
                                       wire::HeadReading<false>& reading, const Reader& reader) {
    error_code ec;
    while (buffer.size() == 0 || !reading.take(buffer, parser, ec)) {
        const net::mutable_buffer space = buffer.prepare(wire::head_read_bytes);
        co_await upstream.begin_look();
        Received received = upstream.end_look(space);
        if (received.error == net::error::would_block) {
            received = co_await upstream.receive(space);
        }
        buffer.commit(received.bytes);
        if (received.error) {
            co_return wire::HeadReading<false>::cut_short(received.error, buffer);
        }
        const auto now = LazyTimer::Clock::now();
        exchange.enter(Phase::receiving, now);
        reader.heard(now);
        if (!reader.has_turn()) {
            co_await reader.let_others_go();
            if (exchange.is_cut()) {
                co_return net::error::operation_aborted;
            }
        }
    }
    co_return ec;
}

} // namespace gangway::worker
