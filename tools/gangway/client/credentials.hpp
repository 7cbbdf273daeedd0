// What a request proves its right with. Credentials that are sent count alone (docs/api.md), so
// nothing is sent where the peer credentials of the socket should decide.
#pragma once

#include <boost/beast/http/fields.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

struct Credentials {
    std::optional<std::string> process_password;
    std::optional<std::string> authorization; // value of the header
    // What to say, and what to try next, where they are refused.
    std::string refused = "Run it as root or as the application's user, or give the password of "
                          "the process in GANGWAY_PASSWORD.";

    [[nodiscard]] bool empty() const { return !process_password && !authorization; }
};

// Adds them to a request's headers.
void add_credentials(const Credentials& credentials, boost::beast::http::fields& headers);

// "Basic …" (RFC 7617).
[[nodiscard]] std::string basic_authorization(std::string_view user, std::string_view password);

} // namespace gangway::command
