// Reads messages from a socket: a head, then its body piece by piece.
//
// The caller keeps one buffer for a connection: what was read beyond a message begins the next one.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/beast/http/error.hpp>

#include "message/head_scan.hpp"
#include "message/parser.hpp"
#include "module/asio.hpp"

namespace gangway::message {

// Asked for from a socket at a time: for a head, and for a body.
inline constexpr std::size_t head_read_bytes = 4 * 1024;
inline constexpr std::size_t body_read_bytes = 64 * 1024;

// Reads a head, of max_bytes at most, else http::error::header_limit. http::error::end_of_stream
// when the other side closed before its first byte.
template <bool is_request, typename Socket>
awaitable<error_code> read_head(Socket& socket, beast::flat_buffer& buffer,
                                Parser<is_request>& parser, std::uint32_t max_bytes);

// Reads the next piece of the body into piece; an empty one is its end. It points into buffer, and
// is valid until the next read.
template <bool is_request, typename Socket>
awaitable<error_code> read_piece(Socket& socket, beast::flat_buffer& buffer,
                                 Parser<is_request>& parser, std::uint32_t max_line_bytes,
                                 std::string_view& piece);

// The same with what is in the buffer already. False: more must be read first.
template <bool is_request>
bool next_piece(beast::flat_buffer& buffer, Parser<is_request>& parser,
                std::uint32_t max_line_bytes, std::string_view& piece, error_code& ec);

namespace detail {

inline std::string_view view(const beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

// A server should pass over an empty line before a request (RFC 9112, 2.2).
inline bool skip_empty_line(beast::flat_buffer& buffer) {
    const bool found = view(buffer).starts_with("\r\n");
    if (found) {
        buffer.consume(2);
    }
    return found;
}

// Beast's parser asserts that a first chunk that is the last, once it has seen its size line alone,
// comes again with two more bytes at least.
template <bool is_request>
bool may_go_on(const Parser<is_request>& parser, const beast::flat_buffer& buffer) {
    return !parser.chunked() || parser.in_chunks() || view(buffer) != "0\r\n";
}

// What can never become a message is not waited for.
inline bool may_be_request(std::string_view begin, bool skipped_empty_line) {
    const char first = begin.empty() ? 'G' : begin.front();
    return (first > ' ' && first < '\x7f') || (begin == "\r" && !skipped_empty_line);
}

inline bool may_be_answer(std::string_view begin) {
    constexpr std::string_view version = "HTTP/1.";
    return begin.substr(0, version.size()) == version.substr(0, begin.size());
}

} // namespace detail

template <bool is_request, typename Socket>
awaitable<error_code> read_head(Socket& socket, beast::flat_buffer& buffer,
                                Parser<is_request>& parser, std::uint32_t max_bytes) {
    parser.header_limit(max_bytes + 1);
    HeadScan scan(is_request);
    bool skipped = false; // one, however the bytes arrive
    for (;;) {
        if constexpr (is_request) {
            skipped = skipped || (scan.size() == 0 && detail::skip_empty_line(buffer));
            if (!detail::may_be_request(detail::view(buffer), skipped)) {
                co_return http::error::bad_method;
            }
        } else if (!detail::may_be_answer(detail::view(buffer))) {
            co_return http::error::bad_version;
        }
        const ScanResult result = scan.look(detail::view(buffer));
        if (result == ScanResult::bare_lf || result == ScanResult::folded_line) {
            co_return http::error::bad_line_ending;
        }
        if (scan.size() > max_bytes || (result == ScanResult::more && buffer.size() > max_bytes)) {
            co_return http::error::header_limit;
        }
        if (result == ScanResult::complete) {
            break;
        }
        const auto [ec, size] =
            co_await socket.async_read_some(buffer.prepare(head_read_bytes), as_result);
        buffer.commit(size);
        if (ec == net::error::eof) {
            co_return buffer.size() == 0 ? http::error::end_of_stream
                                         : http::error::partial_message;
        }
        if (ec) {
            co_return ec;
        }
    }
    error_code ec;
    std::size_t left = scan.size();
    while (!ec && !parser.is_header_done()) {
        const std::size_t used = parser.put(net::buffer(buffer.data(), left), ec);
        buffer.consume(used);
        left -= used;
    }
    co_return ec;
}

template <bool is_request>
bool next_piece(beast::flat_buffer& buffer, Parser<is_request>& parser,
                std::uint32_t max_line_bytes, std::string_view& piece, error_code& ec) {
    piece = {};
    ec = {};
    while (!parser.is_done() && buffer.size() > 0 && detail::may_go_on(parser, buffer)) {
        const std::size_t used = parser.put(buffer.data(), ec);
        buffer.consume(used); // Leaves the bytes where they are.
        piece = parser.take_body();
        if (!piece.empty()) {
            ec = {};
            return true;
        }
        if (ec == http::error::need_more) {
            ec = {};
            if (buffer.size() > max_line_bytes) { // The line of a chunk, or trailers.
                ec = http::error::header_limit;
                return true;
            }
            return false;
        }
        if (ec) {
            return true;
        }
    }
    return parser.is_done();
}

template <bool is_request, typename Socket>
awaitable<error_code> read_piece(Socket& socket, beast::flat_buffer& buffer,
                                 Parser<is_request>& parser, std::uint32_t max_line_bytes,
                                 std::string_view& piece) {
    error_code ec;
    while (!next_piece(buffer, parser, max_line_bytes, piece, ec)) {
        const auto [failed, size] =
            co_await socket.async_read_some(buffer.prepare(body_read_bytes), as_result);
        buffer.commit(size);
        if (failed == net::error::eof) {
            parser.put_eof(ec);
            piece = {};
            co_return ec;
        }
        if (failed) {
            piece = {};
            co_return failed;
        }
    }
    co_return ec;
}

} // namespace gangway::message
