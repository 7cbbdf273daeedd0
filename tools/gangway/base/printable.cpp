#include "gangway/base/printable.hpp"

#include <algorithm>

#include "text/utf8.hpp"

namespace gangway::command {

namespace {

bool starts_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

} // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        if (point.bytes > 0 && is_harmless(point.value)) {
            result.append(text.substr(0, point.bytes));
        } else {
            result.push_back('?');
        }
        text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
    }
    return result;
}

std::size_t display_columns(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string shorten_end(std::string_view text, std::size_t columns) {
    if (display_columns(text) <= columns) {
        return std::string(text);
    }
    constexpr std::string_view mark = "...";
    if (columns <= mark.size()) {
        return std::string(mark.substr(0, columns));
    }
    std::size_t kept = columns - mark.size();
    std::size_t end = 0;
    while (end < text.size() && (kept > 0 || !starts_character(text[end]))) {
        if (starts_character(text[end])) {
            --kept;
        }
        ++end;
    }
    return std::string(text.substr(0, end)).append(mark);
}

} // namespace gangway::command
