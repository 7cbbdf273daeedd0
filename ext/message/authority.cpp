#include "message/authority.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include <arpa/inet.h>

#include "text/number.hpp"

namespace gangway::message {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// unreserved and sub-delims (RFC 3986, 2.2 and 2.3), without ','.
bool is_name_character(char c) {
    constexpr std::string_view marks = "-._~!$&'()*+;=";
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
}

// RFC 3986, 3.2.2; an IPv4 address is one, too.
bool is_name(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '%') {
            if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) {
                return false;
            }
            i += 2;
        } else if (!is_name_character(text[i])) {
            return false;
        }
    }
    return !text.empty();
}

// "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_future_address(std::string_view text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view version = text.substr(0, dot);
    const std::string_view rest = text.substr(std::min(dot + 1, text.size()));
    return version.size() > 1 && (version[0] == 'v' || version[0] == 'V') &&
           std::all_of(version.begin() + 1, version.end(), is_hex_digit) && !rest.empty() &&
           std::all_of(rest.begin(), rest.end(),
                       [](char c) { return c == ':' || is_name_character(c); });
}

bool is_ipv6_address(std::string_view text) {
    constexpr std::size_t longest = INET6_ADDRSTRLEN - 1;
    if (text.size() > longest || text.find('\0') != std::string_view::npos) {
        return false;
    }
    in6_addr address{};
    return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

bool is_port(std::string_view text) {
    constexpr std::size_t most_digits = 5;
    return text.empty() || (text.size() <= most_digits && parse_number<std::uint16_t>(text));
}

} // namespace

std::optional<Authority> parse_authority(std::string_view text) {
    const bool literal = text.starts_with('[');
    const std::size_t name_end =
        literal ? std::min(text.find(']'), text.size()) : std::min(text.find(':'), text.size());
    const std::size_t end = literal ? std::min(name_end + 1, text.size()) : name_end;
    const std::string_view name = text.substr(0, end);
    const std::string_view rest = text.substr(end);
    if (literal) {
        if (name.back() != ']') {
            return std::nullopt;
        }
        const std::string_view address = name.substr(1, name.size() - 2);
        if (!is_ipv6_address(address) && !is_future_address(address)) {
            return std::nullopt;
        }
    } else if (!is_name(name)) {
        return std::nullopt;
    }
    if (rest.empty()) {
        return Authority{name, {}};
    }
    const std::string_view port = rest.substr(1);
    if (rest.front() != ':' || !is_port(port)) {
        return std::nullopt;
    }
    return Authority{name, port};
}

} // namespace gangway::message
