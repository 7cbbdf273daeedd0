// Numbers that are a whole text.
//
// Pure.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace gangway {

// Nothing where the text is empty, has anything before or behind the number, or is out of T's
// range.
template <std::integral T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
    T number{};
    const char* const end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc() && parsed == end ? std::optional(number) : std::nullopt;
}

// "2.5". The same; nothing, too, for an infinity or what is no number. general: "1e2" as well.
inline std::optional<double> parse_decimal(std::string_view text,
                                           std::chars_format format = std::chars_format::fixed) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, number, format);
    const bool whole = error == std::errc() && parsed == end && std::isfinite(number);
    return whole ? std::optional(number) : std::nullopt;
}

} // namespace gangway
