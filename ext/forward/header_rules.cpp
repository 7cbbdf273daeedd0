#include "forward/header_rules.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "forward/steering.hpp"

namespace gangway::forward {

namespace {

using message::Field;
using message::Fields;
using message::same_token;

constexpr std::array<std::string_view, 9> never_passed_on{
    "Connection",         "Keep-Alive",          "Proxy-Connection",
    "Proxy-Authenticate", "Proxy-Authorization", "TE",
    "Transfer-Encoding",  "Content-Length",      "Upgrade"};

// Gangway says these itself.
constexpr std::array<std::string_view, 4> never_to_the_client{
    "Status", "X-Gangway-Route", "X-Gangway-Process", "X-Gangway-Error"};

// RFC 9110, 6.5.1: whoever takes these from a trailer may have acted on the message already.
constexpr std::array<std::string_view, 26> never_a_trailer{"Host",
                                                           "Authorization",
                                                           "Cookie",
                                                           "Set-Cookie",
                                                           "Content-Type",
                                                           "Content-Range",
                                                           "Content-Encoding",
                                                           "Cache-Control",
                                                           "Expect",
                                                           "Max-Forwards",
                                                           "Pragma",
                                                           "Range",
                                                           "If-Match",
                                                           "If-None-Match",
                                                           "If-Modified-Since",
                                                           "If-Range",
                                                           "Age",
                                                           "Expires",
                                                           "Date",
                                                           "Location",
                                                           "Retry-After",
                                                           "Vary",
                                                           "Trailer",
                                                           "WWW-Authenticate",
                                                           "If-Unmodified-Since",
                                                           "Status"};

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view other) { return same_token(other, name); });
}

// Passes everything that is for the next recipient too.
template <typename Wanted>
Headers filter(const Fields& fields, Wanted wanted) {
    const bool has_options = fields.find("Connection").has_value();
    Headers result;
    result.reserve(fields.size());
    for (const Field field : fields) {
        // What Connection names is hop-by-hop, too; but Host is for every recipient, and without it
        // an application takes itself for another.
        const bool named = has_options && !same_token(field.name, "Host") &&
                           fields.lists("Connection", field.name);
        if (!named && !field.name.starts_with("!~") && !contains(never_passed_on, field.name) &&
            wanted(field.name)) {
            result.push_back(field);
        }
    }
    return result;
}

} // namespace

Headers request_headers(const Fields& fields, const RequestHeaderRules& rules) {
    Headers result = filter(fields, [&](std::string_view name) {
        return !is_steering(name) && (rules.keep_expect || !same_token(name, "Expect")) &&
               (rules.keep_trailer || !same_token(name, "Trailer")) &&
               !(rules.drop_authorization && same_token(name, "Authorization"));
    });
    if (!rules.host.empty()) {
        const auto host = std::find_if(result.begin(), result.end(), [](const Field& field) {
            return same_token(field.name, "Host");
        });
        if (host == result.end()) {
            result.push_back({"Host", rules.host});
        } else {
            host->value = rules.host;
        }
    }
    return result;
}

Headers answer_headers(const Fields& fields, bool keep_trailer) {
    return filter(fields, [&](std::string_view name) {
        return !contains(never_to_the_client, name) &&
               (keep_trailer || !same_token(name, "Trailer"));
    });
}

Headers request_trailers(const Fields& trailers) {
    return filter(trailers, [](std::string_view name) {
        return !contains(never_a_trailer, name) && !is_steering(name);
    });
}

Headers answer_trailers(const Fields& trailers) {
    return filter(trailers, [](std::string_view name) {
        return !contains(never_a_trailer, name) && !contains(never_to_the_client, name);
    });
}

} // namespace gangway::forward
