#include "request_arguments.hpp"

#include "printable.hpp"

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
    const auto bad = std::find_if(path.begin(), path.end(), [](char byte) {
        return byte <= ' ' || byte > '~' ||
               byte == '#'; // bytes above 127 too, whatever char's sign
    });
    if (bad == path.end()) {
        return std::nullopt;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(*bad);
    return "the path '" + printable(path) + "' has a character that must be percent-encoded, as %" +
           digits[value >> 4U] + digits[value & 0x0FU];
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
