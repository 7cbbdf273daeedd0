// The checks on what names a request's aim: process and path. They keep a mistyped argument from
// becoming another request than the one that was meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

// What is wrong with it; nothing when it is a pid or looks like a gupid ("1a2b3c4-XyZ…").
[[nodiscard]] std::optional<std::string> fault_of_process_id(std::string_view id);

// What is wrong with it; nothing when it can stand in a request line behind the process's prefix.
[[nodiscard]] std::optional<std::string> fault_of_path(std::string_view path);

// The durations that one of the X-Gangway headers takes (docs/api.md).
struct SecondsRange {
    bool zero_allowed = false; // --wait alone: 0 is not to wait
    double longest = 0;
};

// The same in seconds: "500ms", "5s", "2m" and "1h" as 0.5, 5, 120 and 3600. What is none of these
// stays as it is.
[[nodiscard]] std::string plain_seconds(const std::string& text);

// What is wrong with it and what to write instead; nothing when it is a number in the range.
[[nodiscard]] std::optional<std::string> fault_of_seconds(std::string_view text,
                                                          const SecondsRange& range);

// What is wrong with it and what to write instead; nothing when it is a whole number from 1 on.
[[nodiscard]] std::optional<std::string> fault_of_count(std::string_view text,
                                                        std::uint64_t largest);

// Seconds as the X-Gangway headers take them: plain decimal. Nothing for what is no duration.
[[nodiscard]] std::optional<std::string> seconds_for_header(double seconds);

} // namespace gangway::command
