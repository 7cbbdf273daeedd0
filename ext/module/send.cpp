#include "module/send.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

namespace gangway {

Pieces::Pieces(std::span<const net::const_buffer> buffers) {
    for (const net::const_buffer& buffer : buffers.first(std::min(buffers.size(), most))) {
        if (buffer.size() > 0) {
            pieces_[count_++] = {static_cast<const char*>(buffer.data()), buffer.size()};
        }
    }
}

std::size_t Pieces::send(int fd, error_code& ec) {
    std::array<iovec, most> vectors{};
    for (std::size_t i = 0; i < count_; i++) {
        const Piece& piece = pieces_[first_ + i];
        vectors[i] = {const_cast<char*>(piece.data), piece.size};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count_;
    ssize_t result = 0;
    do {
        result = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        ec = error_code(errno, boost::system::system_category());
        return 0;
    }
    ec = {};
    auto left = static_cast<std::size_t>(result);
    while (count_ > 0 && left >= pieces_[first_].size) {
        left -= pieces_[first_].size;
        first_++;
        count_--;
    }
    if (count_ > 0) {
        pieces_[first_].data += left;
        pieces_[first_].size -= left;
    }
    return static_cast<std::size_t>(result);
}

} // namespace gangway
