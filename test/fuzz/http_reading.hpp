// Reads a message as the module's connections do, from bytes that arrive in pieces; and passes it
// on as its forwarder does.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "admin/target.hpp"
#include "forward/answer_encoder.hpp"
#include "fuzz_target.hpp"
#include "message/chunk.hpp"
#include "message/rules.hpp"
#include "support/strict_parser.hpp"
#include "wire/read.hpp"
#include "worker/request_encoder.hpp"

namespace gangway::fuzz {

inline constexpr std::uint32_t most_head_bytes = 64 * 1024;

// Where a text is cut: the sizes of its pieces, over and over. Empty: nowhere.
struct Cuts {
    std::string_view sizes;
    std::size_t next = 0;

    std::size_t size() {
        if (sizes.empty()) {
            return SIZE_MAX;
        }
        const char size = sizes[next++ % sizes.size()];
        return static_cast<std::uint8_t>(size) % 64U + 1U;
    }
};

struct Reading {
    error_code error;
    message::Head head;
    std::string body;
    std::string rest; // what came behind it
    bool chunked = false;
    std::optional<std::uint64_t> length;
    bool keep_alive = false;
};

// Moves the next piece over. False: there is none.
inline bool arrive(beast::flat_buffer& buffer, std::string_view& text, Cuts& cuts) {
    const std::string_view piece = text.substr(0, cuts.size());
    text.remove_prefix(piece.size());
    if (!piece.empty()) {
        std::memcpy(buffer.prepare(piece.size()).data(), piece.data(), piece.size());
        buffer.commit(piece.size());
    }
    return !piece.empty();
}

// The connection ends behind text.
template <bool is_request>
Reading read_message(std::string_view text, Cuts cuts, bool skip_body = false) {
    Reading reading;
    beast::flat_buffer buffer;
    message::Parser<is_request> parser(reading.head);
    parser.skip(skip_body);
    wire::HeadReading<is_request> head(most_head_bytes);
    while (!head.take(buffer, parser, reading.error)) {
        if (!arrive(buffer, text, cuts)) {
            reading.error = head.cut_short(net::error::eof, buffer);
            break;
        }
    }
    bool more = !reading.error;
    while (more) {
        std::string_view piece;
        const bool there = wire::next_piece(buffer, parser, most_head_bytes, piece, reading.error);
        reading.body += piece;
        more = !reading.error && (!there || !piece.empty());
        if (!there && !arrive(buffer, text, cuts)) {
            parser.put_eof(reading.error);
            more = false;
        }
    }
    reading.rest.assign(static_cast<const char*>(buffer.data().data()), buffer.size());
    reading.rest += text;
    if (!reading.error) {
        reading.chunked = parser.chunked();
        reading.length = parser.length();
        reading.keep_alive = parser.keep_alive();
    }
    return reading;
}

inline bool same_fields(const message::Fields& a, const message::Fields& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const message::Field& left, const message::Field& right) {
                          return left.name == right.name && left.value == right.value;
                      });
}

// Which of several errors is said may depend on the pieces; nothing else may.
inline void require_the_same(const Reading& a, const Reading& b) {
    require(a.error.failed() == b.error.failed(), "no split makes a message good or bad");
    if (a.error) {
        return;
    }
    require(a.head.method == b.head.method && a.head.target == b.head.target &&
                a.head.status == b.head.status && a.head.reason == b.head.reason &&
                a.head.version == b.head.version,
            "no split changes a start line");
    require(same_fields(a.head.fields, b.head.fields), "no split changes a field");
    require(a.body == b.body, "no split changes a body");
    require(same_fields(a.head.trailers, b.head.trailers), "no split changes a trailer");
    require(a.rest == b.rest, "no split moves a message's end");
    require(a.chunked == b.chunked && a.length == b.length && a.keep_alive == b.keep_alive,
            "no split changes the framing");
}

inline std::string print(const worker::Headers& headers) {
    std::string text;
    for (const message::Field& field : headers) {
        message::append_field(text, field.name, field.value);
    }
    return text;
}

inline void append_chunked(std::string& bytes, std::string_view body,
                           const worker::Headers& trailers) {
    if (!body.empty()) {
        bytes += message::chunk_head(body.size());
        bytes += body;
        bytes += message::chunk_tail;
    }
    bytes += message::chunked_end(trailers);
}

} // namespace gangway::fuzz
