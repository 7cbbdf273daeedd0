// The client's side of a forwarded request.
#pragma once

#include <chrono>
#include <cstdint>

#include "message/parser.hpp"
#include "wire/client_stream.hpp"

namespace gangway::forward {

// Where the request's body comes from and its answer goes.
struct Client {
    wire::ClientStream& stream;
    message::RequestParser& parser; // has the head
    std::chrono::milliseconds timeout;
    std::uint32_t max_header_bytes;

    const message::Head& head() const { return parser.head(); }
};

} // namespace gangway::forward
