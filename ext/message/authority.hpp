// Which host is meant: the value of Host (RFC 9112, 3.2; RFC 9110, 7.2), and the authority of a
// target in absolute-form (RFC 9112, 3.2.2).
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

namespace gangway::message {

struct Authority {
    std::string_view
        name; // a name, an IPv4 address, or an IPv6 address in its brackets; never empty
    std::string_view port; // digits, at most 65535; empty: none was given
};

// uri-host [ ":" port ] (RFC 3986, 3.2.2 and 3.2.3), without a user's name. Nothing for anything
// else, nor where the host is empty (RFC 9110, 4.2.1), nor for a ',' in it, which RFC 3986 allows:
// it may as well be two hosts that somebody joined. Views into text.
std::optional<Authority> parse_authority(std::string_view text);

} // namespace gangway::message
