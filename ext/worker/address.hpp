// Where a socket of a process listens, as Passenger writes it (Core/ApplicationPool/Socket.h, and
// IOTools/IOUtils.cpp, parseUnixSocketAddress and parseTcpSocketAddress).
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/asio.hpp"

namespace gangway::worker {

// "tcp://HOST:PORT", numeric but for localhost, or "unix:PATH". Nothing for what cannot be
// understood.
std::optional<net::generic::stream_protocol::endpoint> parse_address(std::string_view address);

} // namespace gangway::worker
