// Text from outside, made safe to show. A process's command or an error's detail can hold anything,
// escape sequences for the reader's terminal included.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gangway::command {

// The text with every control character (C0, DEL, C1), every mark that changes the direction of
// writing, and every byte that is not UTF-8 replaced by '?'. The result is one line of UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

// Columns that printable text takes on a terminal: wide characters have two, combining marks none.
[[nodiscard]] std::size_t display_columns(std::string_view text);

// At most so many columns of it, the end replaced by "..." where something is left out.
[[nodiscard]] std::string shorten_end(std::string_view text, std::size_t columns);

// The same of a line that holds colours ("\\033[31m"), which take no columns and are ended; without
// a mark.
[[nodiscard]] std::string shorten_painted(std::string_view text, std::size_t columns);

} // namespace gangway::command
