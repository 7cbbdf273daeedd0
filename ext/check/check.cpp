#include "check/check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>

#include "message/fields.hpp"

namespace gangway::check {

namespace {

using Value = Json::Value;
using Complaints = std::vector<KeyComplaint>;
using MaybeComplaint = std::optional<KeyComplaint>;
using Setter = std::function<Complaints(Check&, const std::string&, const Value&)>;

constexpr unsigned hour = 3600;
constexpr unsigned day = 86400;
constexpr std::size_t most_headers = 32;

Complaints complain(const std::string& key, std::string_view text) {
    return {KeyComplaint{key, std::string(text)}};
}

void append(Complaints& to, Complaints more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// "expect" and "status" -> "expect.status".
std::string below(std::string key, std::string_view name) {
    key += '.';
    key += name;
    return key;
}

// Other names than these have no CGI name of their own, and would reach no process of the session
// protocol.
bool is_header_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    });
}

// RFC 9110, 5.5: no control character but the tabulator.
bool is_field_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

// What frames or routes a request is not the check's to say.
bool is_reserved(std::string_view name) {
    constexpr std::array<std::string_view, 10> reserved{"X-Passenger-Connect-Password",
                                                        "Connection",
                                                        "Keep-Alive",
                                                        "Transfer-Encoding",
                                                        "Content-Length",
                                                        "TE",
                                                        "Trailer",
                                                        "Upgrade",
                                                        "Expect",
                                                        "Proxy-Authorization"};
    return name.starts_with("!~") ||
           std::any_of(reserved.begin(), reserved.end(),
                       [&](std::string_view other) { return message::same_token(name, other); });
}

Complaints set_path(Check& check, const std::string& key, const Value& value) {
    const std::string text = value.isString() ? value.asString() : "";
    if (!text.starts_with('/') || !is_printable(text) || text.find('#') != std::string::npos) {
        return complain(key, "must be a path that begins with '/', percent-encoded, with or "
                             "without a query");
    }
    check.path = text;
    return {};
}

Complaints set_method(Check& check, const std::string& key, const Value& value) {
    const std::string text = value.isString() ? value.asString() : "";
    if (text != "GET" && text != "HEAD" && text != "OPTIONS") {
        return complain(key, R"(must be "GET", "HEAD" or "OPTIONS")");
    }
    check.method = text;
    return {};
}

Complaints set_headers(Check& check, const std::string& key, const Value& value) {
    if (!value.isObject() || value.size() > most_headers) {
        return complain(key, "must be an object of at most 32 header names and their values");
    }
    Complaints complaints;
    check.headers.clear();
    for (const std::string& name : value.getMemberNames()) {
        const Value& text = value[name];
        if (!is_header_name(name) || is_reserved(name)) {
            append(complaints,
                   complain(key, "has a name that a check cannot send: " + print(Value(name))));
        } else if (!text.isString() || !is_field_value(text.asString())) {
            append(complaints, complain(below(key, name),
                                        "must be a text of one line, without control characters"));
        } else {
            check.headers.emplace_back(name, text.asString());
        }
    }
    return complaints;
}

Complaints set_route(Check& check, const std::string& key, const Value& value) {
    const auto route = parse_route(value.isString() ? value.asString() : "");
    if (!route) {
        return complain(key, R"(must be "auto", "pool" or "direct")");
    }
    check.route = *route;
    return {};
}

Setter seconds(std::chrono::milliseconds Check::*field, bool zero_allowed, unsigned highest) {
    return [=](Check& check, const std::string& key, const Value& value) -> Complaints {
        const auto parsed = parse_seconds(value, zero_allowed, highest);
        if (!parsed) {
            return complain(key, parsed.error().text);
        }
        check.*field = *parsed;
        return {};
    };
}

// Puts what parse makes of a text into place.
template <typename T, typename Parse>
Complaints set_parsed(const std::string& key, const Value& value, Parse parse, T& place) {
    if (!value.isString()) {
        return complain(key, "must be a text");
    }
    auto parsed = parse(value.asString());
    if (!parsed) {
        return complain(key, parsed.error().text);
    }
    place = *std::move(parsed);
    return {};
}

Complaints set_expect_key(Expectation& expectation, const std::string& key,
                          const std::string& full_key, const Value& value) {
    if (key == "status") {
        return set_parsed(full_key, value, parse_statuses, expectation.statuses);
    }
    if (key == "body") {
        if (!value.isString() || value.asString().empty()) {
            return complain(full_key, "must be a text that is not empty");
        }
        expectation.body = value.asString();
        return {};
    }
    if (key == "regex") {
        if (value.isString() && value.asString().empty()) {
            return complain(full_key, "must be a regular expression that is not empty");
        }
        return set_parsed(full_key, value, parse_regex, expectation.regex);
    }
    if (key == "json_pointer") {
        JsonPointer pointer;
        auto complaints = set_parsed(full_key, value, parse_json_pointer, pointer);
        if (complaints.empty()) {
            expectation.json = JsonValue{std::move(pointer)};
        }
        return complaints;
    }
    return complain(full_key, "is no key of an expectation; there are status, body, regex, "
                              "json_pointer and json_value");
}

Complaints set_expect(Check& check, const std::string& key, const Value& value) {
    if (!value.isObject()) {
        return complain(key, "must be an object");
    }
    Complaints complaints;
    Expectation expectation;
    for (const std::string& name : value.getMemberNames()) {
        if (name != "json_value") { // After its pointer.
            append(complaints, set_expect_key(expectation, name, below(key, name), value[name]));
        }
    }
    if (value.isMember("json_value") && !value.isMember("json_pointer")) {
        append(complaints,
               complain(key + ".json_value", "needs a json_pointer that says where it must be"));
    } else if (value.isMember("json_value") && expectation.json) {
        expectation.json->value = value["json_value"];
    }
    if (complaints.empty()) {
        check.expectation = std::move(expectation);
    }
    return complaints;
}

const std::map<std::string, Setter, std::less<>>& keys() {
    static const std::map<std::string, Setter, std::less<>> table{
        {"path", set_path},
        {"method", set_method},
        {"headers", set_headers},
        {"route", set_route},
        {"wait_seconds", seconds(&Check::wait, true, hour)},
        {"timeout_seconds", seconds(&Check::timeout, false, hour)},
        {"busy_limit_seconds", seconds(&Check::busy_limit, true, day)},
        {"expect", set_expect},
    };
    return table;
}

} // namespace

bool is_check_key(std::string_view key) {
    return keys().contains(key);
}

Complaints set_check_key(Check& check, const std::string& key, const Value& value) {
    return keys().find(key)->second(check, key, value);
}

MaybeComplaint examine(const Check& check) {
    if (check.method == "HEAD" && check.expectation.needs_body()) {
        return KeyComplaint{"method", "is HEAD, whose answer has no body to look at"};
    }
    return std::nullopt;
}

Parsed<std::chrono::milliseconds> parse_seconds(const Value& value, bool zero_allowed,
                                                unsigned highest) {
    const double number = value.isNumeric() && !value.isBool() ? value.asDouble() : -1;
    if (!std::isfinite(number) || number < 0 || number > highest ||
        (!zero_allowed && number < 0.001)) {
        return Complaint{std::string("must be a number of seconds ") +
                         (zero_allowed ? "from 0 to " : "above 0 and at most ") +
                         std::to_string(highest)};
    }
    return std::chrono::milliseconds(std::llround(number * 1000));
}

} // namespace gangway::check
