// How long each part of a forwarded request may take.
#pragma once

#include <chrono>
#include <optional>

namespace gangway::worker {

struct Bounds {
    std::chrono::milliseconds wait;       // for a busy process
    std::chrono::milliseconds connect;    // for a connection to it
    std::chrono::milliseconds first_byte; // from the request's last byte to the answer's first
    std::chrono::milliseconds idle;       // between two bytes, of request or answer
    std::chrono::milliseconds tunnel;     // between two bytes either way, once upgraded
    std::optional<std::chrono::milliseconds> total; // for everything
};

} // namespace gangway::worker
