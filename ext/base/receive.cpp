#include "base/receive.hpp"

#include <cerrno>

#include <sys/socket.h>

namespace gangway {

Received receive_now(int fd, net::mutable_buffer space) {
    ssize_t size = 0;
    do {
        size = ::recv(fd, space.data(), space.size(), MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    if (size > 0) {
        return {{}, static_cast<std::size_t>(size)};
    }
    return {size == 0 ? error_code(net::error::eof)
                      : error_code(errno, boost::system::system_category()),
            0};
}

} // namespace gangway
