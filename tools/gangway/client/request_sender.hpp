// The bytes of a request in the order in which they go out: the head, then the body, framed by the
// length that was announced or in chunks. Does no network I/O itself.
#pragma once

#include "gangway/client/request_body.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

class RequestSender {
  public:
    // `body` may be null and must outlive this. With a known size the head must announce it;
    // without one it must announce chunks.
    RequestSender(std::string head, RequestBody* body);

    // What to send next; empty: nothing for now.
    [[nodiscard]] std::string_view pending() const;
    void sent(std::size_t bytes);

    // pending() is empty, and there is more of the body to read.
    [[nodiscard]] bool wants_body() const;
    [[nodiscard]] int wait_descriptor() const { return body_->wait_descriptor(); }
    // Reads at most 64 KiB. Throws Failure when a file has not the size that was announced.
    void read_body();

    // Nobody wants the rest.
    void give_up();

    // All of the request went out.
    [[nodiscard]] bool complete() const;

    [[nodiscard]] std::uint64_t body_bytes_read() const { return body_bytes_; }
    [[nodiscard]] std::optional<std::uint64_t> announced_bytes() const { return announced_; }

  private:
    void put_piece(std::string_view piece, bool end);

    std::string buffer_;
    std::size_t buffer_sent_ = 0;
    RequestBody* body_; // null: all of it was read, or is not wanted
    std::optional<std::uint64_t> announced_;
    std::uint64_t body_bytes_ = 0;
    bool given_up_ = false; // before all of it went out
};

} // namespace gangway::command
