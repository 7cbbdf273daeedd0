#include "text/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/utf8.hpp"

namespace gangway {

namespace {

// What can stand as it is: ASCII but for controls, '"' and '\\'.
constexpr std::array<bool, 256> make_plain() {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x7f; byte++) {
        plain[byte] = byte != '"' && byte != '\\';
    }
    return plain;
}

bool is_plain(char c) {
    static constexpr std::array<bool, 256> plain = make_plain();
    return plain[static_cast<unsigned char>(c)];
}

void append_unit(std::string& to, std::uint32_t unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    to += "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U}) {
        to += digits[(unit >> shift) & 0xFU];
    }
}

void append_escaped(std::string& to, std::uint32_t code_point) {
    switch (code_point) {
    case '"':
    case '\\':
        to += '\\';
        to += static_cast<char>(code_point);
        return;
    case '\n':
        to += "\\n";
        return;
    case '\r':
        to += "\\r";
        return;
    case '\t':
        to += "\\t";
        return;
    default:
        break;
    }
    if (code_point < 0x10000U) {
        append_unit(to, code_point);
    } else { // A surrogate pair.
        append_unit(to, 0xD800U + ((code_point - 0x10000U) >> 10U));
        append_unit(to, 0xDC00U + ((code_point - 0x10000U) & 0x3FFU));
    }
}

} // namespace

void append_json_string(std::string& to, std::string_view text) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
    to += '"';
    while (!text.empty()) {
        const auto plain_end = std::find_if_not(text.begin(), text.end(), is_plain);
        const auto plain = static_cast<std::size_t>(plain_end - text.begin());
        to += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const CodePoint point = first_code_point(text);
        const bool as_it_is = is_harmless(point.value) && point.value != '"' && point.value != '\\';
        if (point.bytes == 0) {
            to += replacement;
        } else if (as_it_is) {
            to += text.substr(0, point.bytes);
        } else {
            append_escaped(to, point.value);
        }
        text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
    }
    to += '"';
}

} // namespace gangway
