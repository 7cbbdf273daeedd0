// Which way a request takes to its process (docs/api.md, "Forwarding").
//
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gangway::forward {

enum class Route : std::uint8_t { automatic, pool, direct };

std::optional<Route> parse_route(std::string_view text);

// What to do about a process that is asked for.
enum class Step : std::uint8_t {
    open_session, // try, or try again, to open a session
    go_direct,    // use the debug socket
    unavailable,  // answer route_unavailable
    busy,         // answer process_busy
    pause,        // wait a little, then open_session again
};

struct Situation {
    Route wanted;
    bool has_body;
    bool has_debug_socket;
    bool was_busy;   // the last try to open a session found it busy
    bool time_is_up; // no more waiting for a busy process
};

Step next_step(const Situation& situation);

// How long to pause before the given try (1, 2, …) to open a session on a busy process: short at
// first, and never so long that it shows.
std::chrono::milliseconds pause_before(unsigned attempt);

} // namespace gangway::forward
