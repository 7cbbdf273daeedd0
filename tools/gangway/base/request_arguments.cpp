#include "gangway/base/request_arguments.hpp"

#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/printable.hpp"
#include "text/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace gangway::command {

std::optional<std::string> fault_of_process_id(std::string_view id) {
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "abcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_";
    constexpr std::size_t longest = 64; // a gupid has at most 20
    if (id.empty() || id.size() > longest || id.find_first_not_of(allowed) != std::string::npos) {
        return "'" + printable(id) +
               "' is no process: a pid or a gupid is needed (see 'gangway ps')";
    }
    return std::nullopt;
}

std::optional<std::string> fault_of_path(std::string_view path) {
    if (!path.starts_with('/')) {
        return "the path '" + printable(path) + "' must start with '/'";
    }
    // Bytes above 127 too, whatever char's sign.
    const auto is_bad = [](char byte) { return byte <= ' ' || byte > '~' || byte == '#'; };
    if (std::none_of(path.begin(), path.end(), is_bad)) {
        return std::nullopt;
    }
    std::string encoded;
    for (const char byte : path) {
        encoded += is_bad(byte) ? percent_encode(std::string_view(&byte, 1)) : std::string(1, byte);
    }
    return "the path '" + printable(path) +
           "' has characters that must be percent-encoded: if they are meant, it is '" + encoded +
           "'";
}

std::string plain_seconds(const std::string& text) {
    constexpr std::array<std::pair<std::string_view, double>, 4> units{
        {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}}};
    for (const auto& [unit, factor] : units) {
        if (!text.ends_with(unit)) {
            continue;
        }
        const auto number = parse_decimal(
            std::string_view(text).substr(0, text.size() - unit.size()), std::chars_format::fixed);
        const auto seconds =
            number ? seconds_for_header(*number * factor) : std::optional<std::string>();
        return seconds.value_or(text);
    }
    return text;
}

std::optional<std::string> fault_of_seconds(std::string_view text, const SecondsRange& range) {
    const auto seconds = parse_decimal(text, std::chars_format::general);
    const bool fits = seconds && *seconds <= range.longest &&
                      (*seconds > 0 || (range.zero_allowed && *seconds == 0));
    if (fits) {
        return std::nullopt;
    }
    return "'" + printable(text) + "' does not fit; give seconds " +
           (range.zero_allowed ? "from 0 to " : "above 0 and up to ") +
           std::to_string(std::llround(range.longest)) + ", such as 2.5 or 30s";
}

std::optional<std::string> fault_of_count(std::string_view text, std::uint64_t largest) {
    const auto count = parse_number<std::uint64_t>(text);
    if (count && *count >= 1 && *count <= largest) {
        return std::nullopt;
    }
    return "'" + printable(text) + "' does not fit; give a whole number from 1 to " +
           std::to_string(largest);
}

std::optional<std::string> seconds_for_header(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) {
        return std::nullopt;
    }
    std::array<char, 64> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
    if (end.ec != std::errc{}) {
        return std::nullopt;
    }
    return std::string(text.data(), end.ptr);
}

} // namespace gangway::command
