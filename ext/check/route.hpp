// Which way a request takes to its process (docs/api.md, "Forwarding").
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gangway::check {

enum class Route : std::uint8_t { automatic, pool, direct };

std::optional<Route> parse_route(std::string_view text);

} // namespace gangway::check
