// Text from outside, made safe for a log and for who reads it on a terminal (docs/operators.md,
// "Lines in the log").
//
// What is not UTF-8 or not harmless (is_harmless()) is written byte by byte as \xHH, a backslash as
// two. So a line is one line of UTF-8, shows what it holds, and can be read back (printf %b).
//
// Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gangway {

// The whole text.
std::string printable(std::string_view text);

// As much of it as fits, and then "...[N bytes more]", N of the text as it came; returns how much
// of space that took. Needs no memory. space: of 64 bytes or more.
std::size_t print_line(std::string_view text, std::span<char> space) noexcept;

// The text itself, or its first max_bytes and "...[N bytes more]". Not yet printable.
std::string shortened(std::string_view text, std::size_t max_bytes);

// So much is shown of what a request chooses, wherever it is shown to others.
inline constexpr std::size_t most_shown_of_method = 64;
inline constexpr std::size_t most_shown_of_path = 1024;

} // namespace gangway
