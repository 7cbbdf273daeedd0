// How a process is reached by the route that was asked for (docs/api.md, "Forwarding").
//
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "check/route.hpp"

namespace gangway::worker {

// Whether the path of target is below the application's base URI, which is split off then
// (Passenger: Controller/SendRequest.cpp, determineMaxHeaderSizeForSessionProtocol).
bool is_below(std::string_view target, std::string_view base_uri);

// Why the debug socket of a process cannot give its application the request that the pool would
// (Passenger: request_handler/thread_handler.rb, parse_http_request).
enum class Obstacle : std::uint8_t {
    none,
    no_debug_socket,
    body,     // it is dropped there
    method,   // only letters are read there
    base_uri, // it is not split off there: SCRIPT_NAME would be empty, and PATH_INFO another
};

struct Asked {
    bool has_debug_socket;
    bool has_body; // or asks for an upgrade
    std::string_view method;
    std::string_view target;   // as the process is sent it
    std::string_view base_uri; // of the application
};

Obstacle obstacle_to_direct(const Asked& asked);
// "This process has no debug socket …": without its end, so that advice can follow. none: empty.
std::string_view explain(Obstacle obstacle);

// What to do about a process that is asked for.
enum class Step : std::uint8_t {
    open_session, // try, or try again, to open a session
    go_direct,    // use the debug socket
    unavailable,  // answer route_unavailable
    busy,         // answer process_busy
    pause,        // wait a little, then open_session again
};

struct Situation {
    check::Route wanted;
    bool direct_possible; // nothing is in the way of it
    bool was_busy;        // the last try to open a session found it busy
    bool time_is_up;      // no more waiting for a busy process
};

Step next_step(const Situation& situation);

// How long to pause before the given try (1, 2, …) to open a session on a busy process: short at
// first, and never so long that it shows.
std::chrono::milliseconds pause_before(unsigned attempt);

} // namespace gangway::worker
