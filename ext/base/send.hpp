// Writes to a socket.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <sys/types.h>

#include "base/asio.hpp"

namespace gangway {

// At most eight buffers, or what of them is still to be sent.
class Pieces {
  public:
    explicit Pieces(std::span<const net::const_buffer> buffers);
    bool empty() const { return count_ == 0; }
    // One system call; the number of bytes taken, or an error.
    std::size_t send(int fd, error_code& ec);

    static constexpr std::size_t most = 8;

  private:
    struct Piece {
        const char* data;
        std::size_t size;
    };
    ssize_t send_once(int fd) const;

    std::array<Piece, most> pieces_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

struct Sent {
    error_code error;
    std::size_t bytes; // before the error
};

// As much as the socket takes, mostly all. net::error::would_block: not all was sent.
Sent send_now(int fd, Pieces& pieces);

} // namespace gangway
