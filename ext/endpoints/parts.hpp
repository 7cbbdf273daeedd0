// Documents of many rows, which are written in parts: a thousand rows take milliseconds.
#pragma once

#include <cstddef>
#include <string>

#include "base/asio.hpp"
#include "wire/client_stream.hpp"

namespace gangway::endpoints {

// Of anything that has write() and take(), as Listing has. Others have their turn in between.
template <typename Rows>
awaitable<std::string> write_all(wire::ClientStream& stream, Rows& rows) {
    constexpr std::size_t at_once = 32; // a fraction of a millisecond
    while (rows.write(at_once)) {
        if (!stream.has_turn()) {
            co_await stream.let_others_go();
        }
    }
    co_return rows.take();
}

} // namespace gangway::endpoints
