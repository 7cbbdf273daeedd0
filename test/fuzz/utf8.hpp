// UTF-8 as RFC 3629 has it, written for the fuzz targets alone.
#pragma once

#include <cstdint>
#include <string_view>

namespace gangway::fuzz {

// Takes the first code point off. Negative: what is there is none; one byte is taken.
inline std::int32_t take_code_point(std::string_view& text) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = at(0);
    std::size_t size = 1;
    std::int32_t value = lead;
    if (lead >= 0x80) {
        size = lead >= 0xf0 ? 4U : lead >= 0xe0 ? 3U : 2U;
        value = lead & (0xff >> (size + 1));
        bool good = lead >= 0xc2 && lead <= 0xf4 && text.size() >= size;
        for (std::size_t i = 1; good && i < size; i++) {
            good = (at(i) & 0xc0) == 0x80;
            value = value * 64 + (at(i) & 0x3f);
        }
        constexpr std::int32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
        if (!good || value < least[size] || value > 0x10ffff ||
            (value >= 0xd800 && value <= 0xdfff)) {
            text.remove_prefix(1);
            return -1;
        }
    }
    text.remove_prefix(size);
    return value;
}

inline bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        if (take_code_point(text) < 0) {
            return false;
        }
    }
    return true;
}

// One line that no terminal and no log takes for anything but text.
inline bool is_harmless(std::string_view text) {
    while (!text.empty()) {
        const std::int32_t c = take_code_point(text);
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
            (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0x200e ||
            c == 0x200f) {
            return false;
        }
    }
    return true;
}

} // namespace gangway::fuzz
