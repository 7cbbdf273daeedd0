#include "text/base64.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace gangway {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr unsigned bits_of_digit = 6;
constexpr unsigned bits_of_byte = 8;
constexpr std::size_t digits_of_group = 4;

std::uint32_t lowest(std::uint32_t bits, unsigned count) {
    return bits & ((1U << count) - 1);
}

} // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0; // those that wait for their digit are the lowest ones
    unsigned waiting = 0;
    for (const char byte : bytes) {
        bits = bits << bits_of_byte | static_cast<unsigned char>(byte);
        waiting += bits_of_byte;
        while (waiting >= bits_of_digit) {
            waiting -= bits_of_digit;
            text += alphabet[lowest(bits >> waiting, bits_of_digit)];
        }
        bits = lowest(bits, waiting);
    }
    if (waiting > 0) {
        text += alphabet[bits << (bits_of_digit - waiting)];
    }
    while (text.size() % digits_of_group != 0) {
        text += '=';
    }
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    const std::string_view padding = text.substr(std::min(text.find('='), text.size()));
    text.remove_suffix(padding.size());
    const std::size_t missing = (digits_of_group - text.size() % digits_of_group) % digits_of_group;
    const bool is_padding = padding.find_first_not_of('=') == std::string_view::npos;
    if (missing == 3 || !is_padding || (!padding.empty() && padding.size() != missing)) {
        return std::nullopt;
    }
    std::string bytes;
    std::uint32_t bits = 0; // those that wait for their byte are the lowest ones
    unsigned waiting = 0;
    for (const char digit : text) {
        const std::size_t value = alphabet.find(digit);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = bits << bits_of_digit | static_cast<std::uint32_t>(value);
        waiting += bits_of_digit;
        if (waiting >= bits_of_byte) {
            waiting -= bits_of_byte;
            bytes += static_cast<char>(bits >> waiting);
            bits = lowest(bits, waiting);
        }
    }
    return bits == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

} // namespace gangway
