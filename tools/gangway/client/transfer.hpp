// How far a request and its answer have got.
#pragma once

#include <cstdint>
#include <optional>

namespace gangway::command {

// Bytes of one request's and its answer's body so far, and how many were announced.
struct Transfer {
    std::uint64_t sent = 0;
    std::optional<std::uint64_t> sent_announced;
    std::uint64_t received = 0;
    std::optional<std::uint64_t> received_announced;
};

} // namespace gangway::command
