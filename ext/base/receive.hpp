// Reads from a socket.
#pragma once

#include <cstddef>

#include <boost/asio/buffer.hpp>

#include "base/asio.hpp"

namespace gangway {

struct Received {
    error_code error; // net::error::eof at the end
    std::size_t bytes;
};

// One system call, which does not wait: net::error::would_block where nothing is there.
Received receive_now(int fd, net::mutable_buffer space);

} // namespace gangway
