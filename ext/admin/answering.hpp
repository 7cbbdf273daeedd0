// Writes the module's own answers to a client: whole ones, and those that come piece by piece.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "admin/statistics.hpp"
#include "message/parser.hpp"
#include "problem/problem.hpp"
#include "wire/client_stream.hpp"

namespace gangway::admin {

struct Answer {
    unsigned status;
    std::string_view content_type; // empty: no body
    std::string body{};
    std::string more_headers{}; // each with its line's end
    bool may_keep_alive = true;
};

// To one request. What send() and end_stream() return: whether the connection can take another.
class Answering {
  public:
    struct Told {
        unsigned status = 0; // 0: nothing was answered
        std::size_t body_bytes = 0;
        std::optional<Code> code{}; // of a problem
    };

    // draining: of the server; read when an answer is written.
    Answering(wire::ClientStream& stream, std::chrono::milliseconds timeout, Statistics& statistics,
              const bool& draining)
        : stream_(stream), timeout_(timeout), statistics_(statistics), draining_(draining) {}

    // parser has read the request's head into head, or as far as it came.
    void begin(const message::RequestParser& parser, const message::Head& head);

    awaitable<bool> send(const Problem& problem, bool may_keep_alive = true);
    awaitable<bool> send(const Answer& answer);

    // An answer of unknown length, status 200: chunked, or until the connection closes for
    // HTTP/1.0. False when the client has gone.
    awaitable<bool> begin_stream(std::string_view content_type);
    awaitable<bool> stream(std::string_view text);
    awaitable<bool> end_stream();

    const Told& told() const { return told_; }

  private:
    bool can_keep_alive(bool may) const;
    std::string start(unsigned status, std::string_view content_type) const;
    awaitable<bool> write(std::string_view first, std::string_view second);

    wire::ClientStream& stream_;
    std::chrono::milliseconds timeout_;
    Statistics& statistics_;
    const bool& draining_;
    const message::RequestParser* parser_ = nullptr;
    const message::Head* head_ = nullptr;
    Told told_;
    bool chunked_ = false;
    bool stream_keeps_alive_ = false;
};

} // namespace gangway::admin
