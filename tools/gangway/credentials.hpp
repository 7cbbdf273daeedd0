// What the command proves its right with. Credentials that are sent count alone (docs/api.md), so
// nothing is sent where the peer credentials of the socket should decide.
#pragma once

#include "endpoint.hpp"

#include <boost/beast/http/fields.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

enum class Purpose {
    list,    // ps, show: the read-only account suffices
    forward, // request: it needs the full account
};

struct Credentials {
    std::optional<std::string> process_password;
    std::optional<std::string> authorization; // value of the header

    [[nodiscard]] bool empty() const { return !process_password && !authorization; }
};

// The given password; else the account whose password file this user may read; else none.
[[nodiscard]] Credentials choose_credentials(const std::string& password, const Endpoint& endpoint,
                                             Purpose purpose);

// Adds them to a request's headers.
void add_credentials(const Credentials& credentials, boost::beast::http::fields& headers);

// "Basic …" (RFC 7617).
[[nodiscard]] std::string basic_authorization(std::string_view user, std::string_view password);

} // namespace gangway::command
