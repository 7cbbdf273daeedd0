// Percent-encoding for one path segment or query value (RFC 3986, section 2.1).
#pragma once

#include <string>
#include <string_view>

namespace gangway::command {

// Everything but unreserved characters is encoded, "/" included, since a group's name is one
// segment:
// "/var/www/shop (production)" becomes "%2Fvar%2Fwww%2Fshop%20%28production%29".
[[nodiscard]] std::string percent_encode(std::string_view text);

} // namespace gangway::command
