// Who listens where a connection leads to: the user whose process made that socket.
#pragma once

#include <optional>

#include <sys/types.h>

#include "base/asio.hpp"

namespace gangway::worker {

// For a connected socket of ours to a TCP port of this machine, or to a Unix socket. Nothing when
// nobody listens there any more, or when it cannot be told: the kernel may be without sock_diag(7),
// or a sandbox without netlink. Takes the same time whatever sockets others have.
std::optional<uid_t> listener_owner(int fd, const net::generic::stream_protocol::endpoint& peer);

} // namespace gangway::worker
