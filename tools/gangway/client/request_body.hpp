// Where a request's body comes from: read piece by piece, so that its size does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace gangway::command {

class RequestBody {
  public:
    RequestBody() = default;
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;
    virtual ~RequestBody() = default;

    // Nothing: unknown, the body is sent chunked.
    [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;

    // A descriptor to wait on before read(), or -1 when read() does not wait for anybody.
    [[nodiscard]] virtual int wait_descriptor() const = 0;

    struct Piece {
        std::size_t bytes = 0; // 0 does not mean the end: all that was read may have been left out
        bool end = false;
    };
    // Throws Failure where the source cannot be read.
    [[nodiscard]] virtual Piece read(std::span<char> space) = 0;

    // Whether it can be read again: not where it comes from standard input or a pipe.
    [[nodiscard]] virtual bool can_rewind() const = 0;
    // To its start. Throws Failure where the source cannot be read again.
    virtual void rewind() = 0;
};

} // namespace gangway::command
