#include "forward/route.hpp"

#include <algorithm>

namespace gangway::forward {

std::optional<Route> parse_route(std::string_view text) {
    if (text == "auto") {
        return Route::automatic;
    }
    if (text == "pool") {
        return Route::pool;
    }
    return text == "direct" ? std::optional(Route::direct) : std::nullopt;
}

Step next_step(const Situation& s) {
    const bool direct_possible = s.has_debug_socket && !s.has_body;
    if (s.wanted == Route::direct) {
        return direct_possible ? Step::go_direct : Step::unavailable;
    }
    if (!s.was_busy) {
        return Step::open_session;
    }
    if (s.wanted == Route::automatic && direct_possible) {
        return Step::go_direct;
    }
    return s.time_is_up ? Step::busy : Step::pause;
}

std::chrono::milliseconds pause_before(unsigned attempt) {
    constexpr unsigned about_a_second = 50;
    const unsigned longest = attempt <= about_a_second ? 20 : 100;
    return std::chrono::milliseconds(std::min(1U << std::min(attempt - 1, 7U), longest));
}

} // namespace gangway::forward
