// How long the parts of a forwarded request took in the agent (docs/api.md, Server-Timing).
#pragma once

#include "gangway/client/response_header.hpp"

#include <optional>
#include <string>

namespace gangway::command {

// Milliseconds; what the agent did not name is empty.
struct ServerTiming {
    std::optional<double> queue;
    std::optional<double> connect;
    std::optional<double> first_byte;
    std::optional<double> total;
};

// Of the agent's own Server-Timing, which is the last line of that name; nothing where that line is
// the application's, told by its lack of `queue` and `total`.
[[nodiscard]] std::optional<ServerTiming> server_timing(const ResponseHeader& header);

// "queue 0.312 ms, connect 0.041 ms, first byte 12.500 ms, total 12.900 ms"
[[nodiscard]] std::string server_timing_text(const ServerTiming& timing);

} // namespace gangway::command
