#include "worker/routing.hpp"

#include <algorithm>

namespace gangway::worker {

bool is_below(std::string_view target, std::string_view base_uri) {
    return base_uri.size() > 1 && target.substr(0, target.find('?')).starts_with(base_uri);
}

Obstacle obstacle_to_direct(const Asked& asked) {
    if (!asked.has_debug_socket) {
        return Obstacle::no_debug_socket;
    }
    if (asked.has_body) {
        return Obstacle::body;
    }
    if (!std::all_of(asked.method.begin(), asked.method.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); })) {
        return Obstacle::method;
    }
    return is_below(asked.target, asked.base_uri) ? Obstacle::base_uri : Obstacle::none;
}

std::string_view explain(Obstacle obstacle) {
    switch (obstacle) {
    case Obstacle::none:
        return "";
    case Obstacle::no_debug_socket:
        return "This process has no debug socket (only Ruby processes have)";
    case Obstacle::body:
        return "The debug socket takes no request with a body";
    case Obstacle::method:
        return "The debug socket understands methods of letters only";
    case Obstacle::base_uri:
        return "The debug socket does not split off the application's base URI, so the application "
               "would see another path than over the pool";
    }
    return "";
}

Step next_step(const Situation& s) {
    if (s.wanted == check::Route::direct) {
        return s.direct_possible ? Step::go_direct : Step::unavailable;
    }
    if (!s.was_busy) {
        return Step::open_session;
    }
    if (s.wanted == check::Route::automatic && s.direct_possible) {
        return Step::go_direct;
    }
    return s.time_is_up ? Step::busy : Step::pause;
}

std::chrono::milliseconds pause_before(unsigned attempt) {
    constexpr unsigned about_a_second = 50;
    const unsigned longest = attempt <= about_a_second ? 20 : 100;
    return std::chrono::milliseconds(std::min(1U << std::min(attempt - 1, 7U), longest));
}

} // namespace gangway::worker
