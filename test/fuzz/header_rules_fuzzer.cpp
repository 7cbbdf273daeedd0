// Which fields pass through, against the rules written once more, without an eye on their cost.
//
// Input: the first byte says which rules; then a line a field, "NAME:VALUE".
#include <algorithm>

#include "fuzz_target.hpp"
#include "message/rules.hpp"
#include "support/strict_parser.hpp"
#include "worker/header_rules.hpp"
#include "worker/steering.hpp"

namespace gangway::worker {
namespace {

using fuzz::require;
using strict::lower;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), lower(name)) != names.end();
}

// RFC 9110, 7.6.1: what Connection names goes no further.
bool is_named_by_connection(const message::Fields& fields, std::string_view name) {
    for (const message::Field field : fields) {
        if (lower(field.name) != "connection") {
            continue;
        }
        std::string_view list = field.value;
        while (!list.empty()) {
            std::string_view token = list.substr(0, list.find(','));
            list.remove_prefix(std::min(token.size() + 1, list.size()));
            token = token.substr(0, token.find(';'));
            while (!token.empty() && (token.front() == ' ' || token.front() == '\t')) {
                token.remove_prefix(1);
            }
            while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) {
                token.remove_suffix(1);
            }
            if (lower(token) == lower(name)) {
                return true;
            }
        }
    }
    return false;
}

bool is_hop_by_hop(const message::Fields& fields, std::string_view name) {
    return is_one_of(name, {"connection", "keep-alive", "proxy-connection", "proxy-authenticate",
                            "proxy-authorization", "te", "transfer-encoding", "content-length",
                            "upgrade"}) ||
           name.starts_with("!~") ||
           (lower(name) != "host" && is_named_by_connection(fields, name));
}

template <typename Wanted>
void require_exactly(const worker::Headers& kept, const message::Fields& fields, Wanted wanted) {
    std::size_t next = 0;
    for (const message::Field field : fields) {
        if (!is_hop_by_hop(fields, field.name) && wanted(field.name)) {
            require(next < kept.size() && kept[next].name == field.name &&
                        kept[next].value == field.value,
                    "what is for the next recipient passes through, in order");
            next++;
        }
    }
    require(next == kept.size(), "nothing else passes through");
}

void fuzz_rules(const message::Fields& fields, std::uint8_t flags) {
    const worker::RequestHeaderRules rules{.drop_authorization = (flags & 1U) != 0,
                                           .keep_expect = (flags & 2U) != 0,
                                           .keep_trailer = (flags & 4U) != 0};
    require_exactly(request_headers(fields, rules), fields, [&](std::string_view name) {
        const bool steers =
            std::any_of(steering_headers.begin(), steering_headers.end(),
                        [&](std::string_view other) { return lower(other) == lower(name); });
        return !steers && (rules.keep_expect || lower(name) != "expect") &&
               (rules.keep_trailer || lower(name) != "trailer") &&
               !(rules.drop_authorization && lower(name) == "authorization");
    });
    require_exactly(answer_headers(fields, rules.keep_trailer), fields, [&](std::string_view name) {
        return !is_one_of(name,
                          {"status", "x-gangway-route", "x-gangway-process", "x-gangway-error"}) &&
               (rules.keep_trailer || lower(name) != "trailer");
    });
    for (const worker::Headers& trailers : {request_trailers(fields), answer_trailers(fields)}) {
        for (const message::Field& field : trailers) {
            require(!is_hop_by_hop(fields, field.name) &&
                        !is_one_of(field.name, {"host", "authorization", "cookie", "set-cookie",
                                                "content-type", "content-encoding", "location"}),
                    "nothing behind a body frames, routes or authenticates");
        }
    }
}

} // namespace
} // namespace gangway::worker

GANGWAY_FUZZ_TARGET(header_rules) {
    using namespace gangway;
    fuzz::Input input(bytes);
    const std::uint8_t flags = input.byte();
    message::Fields fields;
    while (!input.empty() && fields.size() < 256) {
        fuzz::Input line(input.line());
        const std::string_view name = line.until(':');
        if (strict::is_token(name)) {
            fields.add(name, line.rest());
        }
    }
    if (!message::has_too_many_options(fields)) { // Else the message is refused before.
        worker::fuzz_rules(fields, flags);
    }
    const std::string_view repeated = worker::repeated_steering(fields);
    fuzz::require(repeated.empty() || (worker::is_steering(repeated) && fields.count(repeated) > 1),
                  "what is repeated steers, and is there twice");
    static_cast<void>(worker::parse_steering(fields, {}));
}
