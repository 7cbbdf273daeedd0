// Text of others that goes to a terminal or into the log: nothing in it acts there.
//
// Input: the first byte is a width; the rest is the text.
#include <algorithm>
#include <array>
#include <span>

#include "fuzz_target.hpp"
#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/printable.hpp"
#include "text/printable.hpp"
#include "utf8.hpp"

namespace gangway {
namespace {

using fuzz::require;

void fuzz_log_line(std::string_view text, std::size_t columns) {
    const std::string shown = gangway::printable(text);
    require(fuzz::is_harmless(shown), "what is logged acts nowhere");
    require(shown.size() <= 4 * text.size(), "four bytes are written for one at most");
    std::array<char, 64 + 255> space{};
    const std::size_t size = print_line(text, std::span(space).first(64 + columns));
    require(size <= 64 + columns, "a line fits");
    const std::string_view line(space.data(), size);
    require(fuzz::is_harmless(line), "what is cut acts nowhere");
    require(shown.size() > 64 + columns || line == shown, "what fits is not cut");
    require(shortened(text, columns).size() <= columns + 64, "what is shortened is short");
}

} // namespace
} // namespace gangway

GANGWAY_FUZZ_TARGET(text) {
    using namespace gangway;
    using namespace gangway::command;
    using fuzz::require;
    fuzz::Input input(bytes);
    const std::size_t columns = input.byte();
    const std::string_view text = input.rest();
    gangway::fuzz_log_line(text, columns);
    const std::string shown = command::printable(text);
    require(fuzz::is_harmless(shown), "what is shown acts nowhere");
    require(command::printable(shown) == shown, "what is printable stays");
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    require(!plain || shown == text, "plain text stays");
    require(shown.size() <= text.size(), "what is shown is no longer than it was");
    require(display_columns(shown) <= shown.size(), "a character is a byte at least");
    const std::string shortened = shorten_end(shown, columns);
    require(display_columns(shortened) <= columns, "what is shortened fits");
    require(fuzz::is_utf8(shortened), "no character is cut");
    require(display_columns(shown) > columns || shortened == shown, "what fits is not shortened");
    static_cast<void>(shorten_end(text, columns));
    for (const char c : percent_encode(text)) {
        require(c > ' ' && c < '\x7f' && c != '/' && c != '&' && c != '?', "one segment of a path");
    }
}
