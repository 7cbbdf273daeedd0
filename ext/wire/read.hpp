// Takes messages out of a buffer as their bytes come: a head, then its body piece by piece.
//
// The caller keeps one buffer for a connection: what was read beyond a message begins the next one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/http/error.hpp>

#include "base/asio.hpp"
#include "base/receive.hpp"
#include "message/head_scan.hpp"
#include "message/parser.hpp"

namespace gangway::wire {

// Asked for at a time: for a head, and for a body.
inline constexpr std::size_t head_read_bytes = 4 * 1024;
inline constexpr std::size_t body_read_bytes = 64 * 1024;

// A head, of max_bytes at most, as its bytes come.
template <bool is_request>
class HeadReading {
  public:
    explicit HeadReading(std::uint32_t max_bytes) : max_bytes_(max_bytes), scan_(is_request) {}

    // Moves the head from buffer into parser once it is whole; also true, with an error, for what
    // can become none: http::error::header_limit for one that is too large. False: more must be
    // read first.
    bool take(beast::flat_buffer& buffer, message::Parser<is_request>& parser, error_code& ec);
    // What an error of the source means to a head that is not whole: http::error::end_of_stream
    // when the other side closed before its first byte.
    static error_code cut_short(error_code ec, const beast::flat_buffer& buffer);
    // Of the head that take() has moved.
    std::size_t size() const { return scan_.size(); }

  private:
    std::uint32_t max_bytes_;
    message::HeadScan scan_;
    bool skipped_ = false; // an empty line before it: one, however the bytes arrive
};

// Reads the next piece of the body into piece; an empty one is its end. It points into buffer, and
// is valid until the next read. A Source has
//
//     awaitable<Received> receive(net::mutable_buffer space);
template <bool is_request, typename Source>
awaitable<error_code> read_piece(Source& source, beast::flat_buffer& buffer,
                                 message::Parser<is_request>& parser, std::uint32_t max_line_bytes,
                                 std::string_view& piece);

// The same with what is in the buffer already. False: more must be read first.
template <bool is_request>
bool next_piece(beast::flat_buffer& buffer, message::Parser<is_request>& parser,
                std::uint32_t max_line_bytes, std::string_view& piece, error_code& ec);

namespace detail {

inline std::string_view view(const beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

// A server should pass over an empty line before a request (RFC 9112, 2.2); before an answer
// Passenger does, too.
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
bool may_go_on(const message::Parser<is_request>& parser, const beast::flat_buffer& buffer) {
    return !parser.chunked() || parser.in_chunks() || view(buffer) != "0\r\n";
}

// What can never become a message is not waited for.
inline bool may_be_request(std::string_view begin, bool skipped_empty_line) {
    const char first = begin.empty() ? 'G' : begin.front();
    return (first > ' ' && first < '\x7f') || (begin == "\r" && !skipped_empty_line);
}

inline bool may_be_answer(std::string_view begin, bool skipped_empty_line) {
    constexpr std::string_view version = "HTTP/1.";
    return begin.substr(0, version.size()) == version.substr(0, begin.size()) ||
           (begin == "\r" && !skipped_empty_line);
}

inline constexpr std::size_t shortest_status_line = std::string_view("HTTP/1.1 200").size();

// "HTTP/1.1 200", where a space must follow, and perhaps a reason (RFC 9112, 4). Passenger takes it
// for 200, and so do visitors.
inline bool ends_with_status(std::string_view head) {
    return head.find("\r\n") == shortest_status_line;
}

} // namespace detail

template <bool is_request>
bool HeadReading<is_request>::take(beast::flat_buffer& buffer, message::Parser<is_request>& parser,
                                   error_code& ec) {
    skipped_ = skipped_ || (scan_.size() == 0 && detail::skip_empty_line(buffer));
    if constexpr (is_request) {
        if (!detail::may_be_request(detail::view(buffer), skipped_)) {
            ec = http::error::bad_method;
            return true;
        }
    } else if (!detail::may_be_answer(detail::view(buffer), skipped_)) {
        ec = http::error::bad_version;
        return true;
    }
    const message::ScanResult result = scan_.look(detail::view(buffer));
    if (result == message::ScanResult::bare_lf || result == message::ScanResult::folded_line) {
        ec = http::error::bad_line_ending;
        return true;
    }
    if (scan_.size() > max_bytes_ ||
        (result == message::ScanResult::more && buffer.size() > max_bytes_)) {
        ec = http::error::header_limit;
        return true;
    }
    if (result == message::ScanResult::more) {
        return false;
    }
    parser.header_limit(max_bytes_ + 1); // and one for the space that may be missing
    std::size_t left = scan_.size();
    ec = {};
    if (!is_request && detail::ends_with_status(detail::view(buffer))) {
        std::string head(detail::view(buffer).substr(0, left));
        head.insert(detail::shortest_status_line, 1, ' ');
        parser.put(net::buffer(head), ec);
        buffer.consume(left);
        return true;
    }
    while (!ec && !parser.is_header_done()) {
        const std::size_t used = parser.put(net::buffer(buffer.data(), left), ec);
        buffer.consume(used);
        left -= used;
    }
    return true;
}

template <bool is_request>
error_code HeadReading<is_request>::cut_short(error_code ec, const beast::flat_buffer& buffer) {
    if (ec != net::error::eof) {
        return ec;
    }
    return buffer.size() == 0 ? http::error::end_of_stream : http::error::partial_message;
}

template <bool is_request>
bool next_piece(beast::flat_buffer& buffer, message::Parser<is_request>& parser,
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

template <bool is_request, typename Source>
awaitable<error_code> read_piece(Source& source, beast::flat_buffer& buffer,
                                 message::Parser<is_request>& parser, std::uint32_t max_line_bytes,
                                 std::string_view& piece) {
    error_code ec;
    while (!next_piece(buffer, parser, max_line_bytes, piece, ec)) {
        const auto [failed, size] = co_await source.receive(buffer.prepare(body_read_bytes));
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

} // namespace gangway::wire
