#include "check/route.hpp"

namespace gangway::check {

std::optional<Route> parse_route(std::string_view text) {
    if (text == "auto") {
        return Route::automatic;
    }
    if (text == "pool") {
        return Route::pool;
    }
    return text == "direct" ? std::optional(Route::direct) : std::nullopt;
}

} // namespace gangway::check
