// Code points of UTF-8 (RFC 3629), and which of them may be shown.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gangway {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t bytes = 0; // 0: not UTF-8
};

// The first of a text that is not empty. No overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint first_code_point(std::string_view text);

// Whether it only looks like what it is: no control character (C0, DEL, C1), no end of a line, and
// nothing invisible that changes what stands around it (directions of writing, joiners, byte order
// marks, tags).
bool is_harmless(std::uint32_t code_point);

// At most max bytes of the text's begin, with no code point cut in two.
std::string_view head_of(std::string_view text, std::size_t max);

} // namespace gangway
