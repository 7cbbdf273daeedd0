#include "text/utf8.hpp"

#include <algorithm>
#include <array>

namespace gangway {

namespace {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

// Unicode 15: control characters, line ends, and those of the category Cf that have no glyph.
constexpr std::array<Range, 12> harmful{{
    {0x0000, 0x001F},
    {0x007F, 0x009F},
    {0x00AD, 0x00AD}, // soft hyphen
    {0x061C, 0x061C}, // Arabic letter mark
    {0x180E, 0x180E}, // Mongolian vowel separator
    {0x200B, 0x200F}, // zero width, marks of direction
    {0x2028, 0x202E}, // line ends, embeddings and overrides of direction
    {0x2060, 0x206F}, // word joiner, isolates
    {0xFEFF, 0xFEFF}, // byte order mark
    {0xFFF9, 0xFFFB}, // interlinear annotations
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF}, // tags
}};

unsigned byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

bool continues(unsigned byte) {
    return (byte & 0xC0U) == 0x80U;
}

} // namespace

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
        const unsigned next = byte_at(text, index);
        if (!continues(next)) {
            return {};
        }
        value = (value << 6U) | (next & 0x3FU);
    }
    const bool overlong = (bytes == 3 && value < 0x800U) || (bytes == 4 && value < 0x10000U);
    const bool surrogate = value >= 0xD800U && value <= 0xDFFFU;
    if (overlong || surrogate || value > 0x10FFFFU) {
        return {};
    }
    return {value, bytes};
}

bool is_harmless(std::uint32_t code_point) {
    return std::none_of(harmful.begin(), harmful.end(), [&](const Range& range) {
        return code_point >= range.first && code_point <= range.last;
    });
}

std::string_view head_of(std::string_view text, std::size_t max) {
    if (text.size() <= max) {
        return text;
    }
    // A code point has three more bytes at most; what has more of them is no UTF-8.
    std::size_t end = max;
    while (end > 0 && max - end < 3 && continues(byte_at(text, end))) {
        end--;
    }
    return text.substr(0, continues(byte_at(text, end)) ? max : end);
}

} // namespace gangway
