#include "base/send.hpp"

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

// send(2) costs less than sendmsg(2).
ssize_t Pieces::send_once(int fd) const {
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const Piece& first = pieces_[first_];
    if (count_ == 1) {
        return ::send(fd, first.data, first.size, flags);
    }
    std::array<iovec, most> vectors;
    for (std::size_t i = 0; i < count_; i++) {
        const Piece& piece = pieces_[first_ + i];
        vectors[i] = {const_cast<char*>(piece.data), piece.size};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count_;
    return ::sendmsg(fd, &message, flags);
}

std::size_t Pieces::send(int fd, error_code& ec) {
    ssize_t result = 0;
    do {
        result = send_once(fd);
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

Sent send_now(int fd, Pieces& pieces) {
    Sent sent{{}, 0};
    while (!pieces.empty() && !sent.error) {
        sent.bytes += pieces.send(fd, sent.error);
    }
    return sent;
}

} // namespace gangway
