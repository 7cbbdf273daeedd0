// The checks on what names a request's aim: process and path. They keep a mistyped argument from
// becoming another request than the one that was meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

// What is wrong with it; nothing when it is a pid or looks like a gupid ("1a2b3c4-XyZ…").
[[nodiscard]] std::optional<std::string> fault_of_process_id(std::string_view id);

// What is wrong with it; nothing when it can stand in a request line behind the process's prefix.
[[nodiscard]] std::optional<std::string> fault_of_path(std::string_view path);

// Seconds as the X-Gangway headers take them: plain decimal, in the range. Nothing for anything
// else.
[[nodiscard]] std::optional<std::string> seconds_for_header(double seconds);

} // namespace gangway::command
