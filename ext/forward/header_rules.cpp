#include "forward/header_rules.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace gangway::forward {

namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

constexpr std::array<std::string_view, 10> never_passed_on{
    "Connection", "Keep-Alive", "Proxy-Connection",  "Proxy-Authenticate", "TE",
    "Trailer",    "Upgrade",    "Transfer-Encoding", "Content-Length",     "Proxy-Authorization"};

constexpr std::array<std::string_view, 6> never_to_the_process{"Expect",
                                                               "X-Passenger-Connect-Password",
                                                               "X-Passenger-Process",
                                                               "X-Gangway-Route",
                                                               "X-Gangway-Wait",
                                                               "X-Gangway-Timeout"};

// Gangway says these itself.
constexpr std::array<std::string_view, 4> never_to_the_client{
    "Status", "X-Gangway-Route", "X-Gangway-Process", "X-Gangway-Error"};

std::string_view view(boost::beast::string_view str) {
    return {str.data(), str.size()};
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view other) { return iequals(other, name); });
}

using Names = std::set<std::string_view, boost::beast::iless>;

// The headers that Connection names are hop-by-hop too.
Names connection_options(const http::fields& fields) {
    Names options;
    const auto [begin, end] = fields.equal_range(http::field::connection);
    for (auto it = begin; it != end; ++it) {
        for (const auto& token : http::token_list(it->value())) {
            options.insert(view(token));
        }
    }
    return options;
}

Headers filter(const http::fields& fields, std::span<const std::string_view> dropped) {
    const auto options = connection_options(fields);
    Headers result;
    for (const auto& field : fields) {
        const std::string_view name = view(field.name_string());
        if (!contains(never_passed_on, name) && !contains(dropped, name) &&
            !options.contains(name) && !name.starts_with("!~")) {
            result.push_back({name, view(field.value())});
        }
    }
    return result;
}

} // namespace

Headers request_headers(const http::fields& fields, bool drop_authorization) {
    Headers result = filter(fields, never_to_the_process);
    if (drop_authorization) {
        std::erase_if(result, [](const Header& h) { return iequals(h.name, "Authorization"); });
    }
    return result;
}

Headers response_headers(const http::fields& fields) {
    return filter(fields, never_to_the_client);
}

} // namespace gangway::forward
