// Reads a message from a source that is only a script: what each read gives, and then the end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "wire/read.hpp"

namespace gangway::message {

using Script = std::vector<std::string>;

class ScriptedSource {
  public:
    explicit ScriptedSource(Script script) : script_(std::move(script)) {}

    awaitable<Received> receive(net::mutable_buffer space) {
        if (next_ == script_.size()) {
            co_return Received{net::error::eof, 0};
        }
        std::string& piece = script_[next_];
        const std::size_t size = std::min(space.size(), piece.size());
        std::memcpy(space.data(), piece.data(), size);
        piece.erase(0, size);
        next_ += piece.empty() ? 1U : 0U;
        co_return Received{{}, size};
    }
    // What nobody has asked for.
    std::string rest() const {
        std::string result;
        for (std::size_t i = next_; i < script_.size(); i++) {
            result += script_[i];
        }
        return result;
    }

  private:
    Script script_;
    std::size_t next_ = 0;
};

struct Limits {
    std::uint32_t head_bytes = 64 * 1024;
    std::uint32_t line_bytes = 64 * 1024; // of a chunk's size line, or all trailers
    bool skip_body = false;               // as an answer to HEAD
};

// What was read of a message.
struct Reading {
    error_code head_error;
    error_code body_error;
    Head head;
    std::string body;
    std::string rest; // what came behind it
    bool chunked = false;
    std::optional<std::uint64_t> length;
    bool keep_alive = false;

    error_code error() const { return head_error ? head_error : body_error; }
};

namespace detail {

// A head as the module's own readers take it.
template <bool is_request, typename Source>
awaitable<error_code> read_head(Source& source, beast::flat_buffer& buffer,
                                Parser<is_request>& parser, std::uint32_t max_bytes) {
    wire::HeadReading<is_request> head(max_bytes);
    error_code ec;
    while (!head.take(buffer, parser, ec)) {
        const auto [failed, size] = co_await source.receive(buffer.prepare(wire::head_read_bytes));
        buffer.commit(size);
        if (failed) {
            co_return wire::HeadReading<is_request>::cut_short(failed, buffer);
        }
    }
    co_return ec;
}

template <bool is_request>
awaitable<void> read_into(Reading& reading, ScriptedSource& source, const Limits& limits) {
    beast::flat_buffer buffer;
    Parser<is_request> parser(reading.head);
    parser.skip(limits.skip_body);
    reading.head_error = co_await read_head(source, buffer, parser, limits.head_bytes);
    bool more = !reading.head_error;
    while (more) {
        std::string_view piece;
        reading.body_error =
            co_await wire::read_piece(source, buffer, parser, limits.line_bytes, piece);
        reading.body += piece;
        more = !reading.body_error && !piece.empty();
    }
    reading.rest = std::string(wire::detail::view(buffer)) + source.rest();
    if (!reading.head_error) {
        reading.chunked = parser.chunked();
        reading.length = parser.length();
        reading.keep_alive = parser.keep_alive();
    }
}

template <bool is_request>
Reading read(Script script, const Limits& limits) {
    Reading reading;
    ScriptedSource source(std::move(script));
    net::io_context context;
    net::co_spawn(context, read_into<is_request>(reading, source, limits),
                  [](const std::exception_ptr& failure) {
                      if (failure) {
                          std::rethrow_exception(failure);
                      }
                  });
    context.run();
    return reading;
}

} // namespace detail

inline Reading read_request(Script script, const Limits& limits = {}) {
    return detail::read<true>(std::move(script), limits);
}

inline Reading read_answer(Script script, const Limits& limits = {}) {
    return detail::read<false>(std::move(script), limits);
}

} // namespace gangway::message
