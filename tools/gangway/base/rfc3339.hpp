// Times as the agent writes them (RFC 3339, in UTC). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace gangway::command {

// "2026-11-25T09:18:00.123456Z", with a fraction or without. Nothing for what is no such time, or
// after 2261, which a time_point does not hold.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point>
parse_rfc3339(std::string_view text);

} // namespace gangway::command
