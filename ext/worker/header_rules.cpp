#include "worker/header_rules.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "message/name_order.hpp"
#include "message/rules.hpp"
#include "worker/steering.hpp"

namespace gangway::worker {

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

// What Connection names is hop-by-hop, too; but Host is for every recipient, and without it an
// application takes itself for another.
message::NameSet connection_options(const Fields& fields) {
    message::NameSet options;
    for (const Field field : fields) {
        if (same_token(field.name, "Connection")) {
            message::each_token(field.value, [&](std::string_view option) {
                if (options.size() < message::max_connection_options &&
                    !same_token(option, "Host")) {
                    options.add(option);
                }
            });
        }
    }
    options.close();
    return options;
}

// Passes everything that is for the next recipient too. Looks at each byte a number of times that
// does not grow with the message.
template <typename Wanted>
Headers filter(const Fields& fields, Wanted wanted) {
    const message::NameSet options = connection_options(fields);
    Headers result;
    result.reserve(fields.size());
    for (const Field field : fields) {
        if (!field.name.starts_with("!~") && !contains(never_passed_on, field.name) &&
            !options.contains(field.name) && wanted(field.name)) {
            result.push_back(field);
        }
    }
    return result;
}

// RFC 9110, 6.5.1: they may always be left out. Here are those that name more of themselves as
// hop-by-hop than is looked at; a head that does is refused (message/rules.hpp).
template <typename Wanted>
Headers filter_trailers(const Fields& trailers, Wanted wanted) {
    return message::has_too_many_options(trailers) ? Headers() : filter(trailers, wanted);
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
    return filter_trailers(trailers, [](std::string_view name) {
        return !contains(never_a_trailer, name) && !is_steering(name);
    });
}

Headers answer_trailers(const Fields& trailers) {
    return filter_trailers(trailers, [](std::string_view name) {
        return !contains(never_a_trailer, name) && !contains(never_to_the_client, name);
    });
}

bool leaves_body_to_web_server(const message::Fields& answer) {
    return answer.find("X-Sendfile") || answer.find("X-Accel-Redirect");
}

} // namespace gangway::worker
