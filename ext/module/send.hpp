// Writes to a socket.
#pragma once

#include <cstddef>
#include <span>

#include "module/asio.hpp"

namespace gangway {

struct Sent {
    error_code error;
    std::size_t bytes; // before the error
};

// Writes all of at most eight buffers. The system call is tried first, and the event loop asked
// only where the socket takes no more: it mostly does.
template <typename Socket>
awaitable<Sent> send_all(Socket& socket, std::span<const net::const_buffer> buffers);

// What is left to be sent.
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
    Piece pieces_[most]{};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

template <typename Socket>
awaitable<Sent> send_all(Socket& socket, std::span<const net::const_buffer> buffers) {
    Pieces left(buffers);
    Sent sent{{}, 0};
    while (!left.empty()) {
        sent.bytes += left.send(socket.native_handle(), sent.error);
        if (sent.error == net::error::would_block) {
            const auto [ec] = co_await socket.async_wait(Socket::wait_write, as_result);
            sent.error = ec;
        }
        if (sent.error) {
            break;
        }
    }
    co_return sent;
}

} // namespace gangway
