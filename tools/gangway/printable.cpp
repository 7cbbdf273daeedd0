#include "printable.hpp"

#include <algorithm>
#include <cstdint>

namespace gangway::command {

namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t bytes = 0; // 0: not UTF-8
};

unsigned byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint first_code_point(std::string_view text) {
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80U) {
        return {lead, 1};
    }
    const std::size_t bytes = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || lead > 0xF4U || text.size() < bytes) {
        return {};
    }
    std::uint32_t value = lead & (0x7FU >> bytes);
    for (std::size_t index = 1; index < bytes; ++index) {
        const unsigned continuation = byte_at(text, index);
        if ((continuation & 0xC0U) != 0x80U) {
            return {};
        }
        value = (value << 6U) | (continuation & 0x3FU);
    }
    const bool overlong = (bytes == 3 && value < 0x800U) || (bytes == 4 && value < 0x10000U);
    const bool surrogate = value >= 0xD800U && value <= 0xDFFFU;
    if (overlong || surrogate || value > 0x10FFFFU) {
        return {};
    }
    return {value, bytes};
}

bool is_harmless(std::uint32_t value) {
    const bool control = value < 0x20U || (value >= 0x7FU && value < 0xA0U);
    const bool line_end = value == 0x2028U || value == 0x2029U;
    const bool direction = (value >= 0x202AU && value <= 0x202EU) ||
                           (value >= 0x2066U && value <= 0x2069U) || value == 0x200EU ||
                           value == 0x200FU;
    return !control && !line_end && !direction;
}

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
