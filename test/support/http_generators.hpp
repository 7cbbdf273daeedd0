// Random messages, as RapidCheck generates and shrinks them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <rapidcheck.h>

#include "message/fields.hpp"
#include "support/random_numbers.hpp"
#include "support/strict_parser.hpp"

namespace gangway::random {

using strict::Line;
using Lines = std::vector<Line>;

// A message as it may come, and what is to be read of it.
struct Wire {
    std::string method; // of a request
    std::string target;
    unsigned status = 0; // of an answer
    std::string reason;
    unsigned version = 11;
    Lines fields; // all of them
    std::string body;
    bool chunked = false;
    Lines trailers;
    std::string head_bytes; // up to the empty line
    std::string body_bytes;

    std::string bytes() const { return head_bytes + body_bytes; }
};

inline void showValue(const Wire& wire, std::ostream& out) {
    rc::show(wire.bytes(), out);
}

inline rc::Gen<char> byte() {
    return rc::gen::map(uniform(0, 256), [](int c) { return static_cast<char>(c); });
}

// Any bytes, often those that mean something.
inline rc::Gen<std::string> bytes() {
    return rc::gen::container<std::string>(
        rc::gen::oneOf(byte(), rc::gen::elementOf(std::string("\r\n\0 :;,019afGET", 15))));
}

inline rc::Gen<std::string> short_text(const rc::Gen<char>& character) {
    return rc::gen::scale(0.25, rc::gen::container<std::string>(character));
}

inline rc::Gen<std::string> token() {
    return rc::gen::nonEmpty(rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("!#$%&'*+-.^_`|~0129abcxyzABCXYZ---aaa"))));
}

// Without white space around it.
inline rc::Gen<std::string> value() {
    const auto text = rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::map(uniform(0x20, 0x100),
                                    [](int c) { return static_cast<char>(c == 0x7f ? '\t' : c); }),
                       rc::gen::elementOf(std::string("abc019,;=\"\\ \t"))));
    return rc::gen::map(text, [](const std::string& padded) {
        const std::size_t first = padded.find_first_not_of(" \t");
        const std::size_t last = padded.find_last_not_of(" \t");
        return first == std::string::npos ? std::string() : padded.substr(first, last - first + 1);
    });
}

inline rc::Gen<std::string> target() {
    const auto rest = short_text(rc::gen::oneOf(
        rc::gen::map(uniform(0x21, 0x100),
                     [](int c) { return static_cast<char>(c == 0x7f || c == '#' ? '/' : c); }),
        rc::gen::elementOf(std::string("/?%.2eEfF&=a"))));
    return rc::gen::map(rest, [](const std::string& text) { return "/" + text; });
}

// Names that frame a message are given apart.
inline bool frames(std::string_view name) {
    const std::string lower = strict::lower(name);
    return lower == "content-length" || lower == "transfer-encoding" || lower == "connection" ||
           lower == "proxy-connection" || lower == "host";
}

// Of other headers, many that someone on the way has to know.
inline rc::Gen<Line> field() {
    const auto known = rc::gen::elementOf(std::vector<std::string>{"Accept",
                                                                   "X-A",
                                                                   "x-a",
                                                                   "X-B",
                                                                   "X_A",
                                                                   "Cookie",
                                                                   "cookie",
                                                                   "Content-Type",
                                                                   "TE",
                                                                   "Trailer",
                                                                   "Keep-Alive",
                                                                   "Proxy-Authorization",
                                                                   "Authorization",
                                                                   "Expect",
                                                                   "Upgrade",
                                                                   "Status",
                                                                   "Date",
                                                                   "Set-Cookie",
                                                                   "X-Gangway-Wait",
                                                                   "x-gangway-timeout",
                                                                   "X-Gangway-Route",
                                                                   "X-Gangway-Process",
                                                                   "X-Passenger-Process",
                                                                   "X-Passenger-Connect-Password",
                                                                   "!~Passenger-Envvars",
                                                                   "!~Request-OOB-Work",
                                                                   "Server-Timing",
                                                                   "X-Forwarded-For"});
    const auto name = rc::gen::oneOf(
        known, rc::gen::suchThat(token(), [](const std::string& text) { return !frames(text); }));
    return rc::gen::construct<Line>(name, value());
}

inline rc::Gen<Line> connection() {
    return rc::gen::construct<Line>(
        rc::gen::element<std::string>("Connection", "connection"),
        rc::gen::element<std::string>("close", "keep-alive", "X-A", "x-b , Keep-Alive", "TE,close",
                                      "upgrade", "Host", "Content-Length, x_a"));
}

inline rc::Gen<Lines> fields() {
    const auto line = rc::gen::weightedOneOf<Line>({{12, field()}, {1, connection()}});
    return rc::gen::scale(0.25, rc::gen::container<Lines>(rc::gen::scale(4, line)));
}

inline std::string encode(const Lines& lines) {
    std::string text;
    for (const Line& line : lines) {
        const auto space = *rc::gen::element<std::string>(" ", "", "\t", "  \t ");
        const auto behind = *rc::gen::element<std::string>("", "", " ", "\t ");
        text += line.name;
        text += ':';
        text += space;
        text += line.value;
        text += behind;
        text += "\r\n";
    }
    return text;
}

inline std::string chunk_size(std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    do {
        text.insert(text.begin(), digits[size % 16]);
        size /= 16;
    } while (size > 0);
    if (*rc::gen::arbitrary<bool>()) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    }
    return *rc::gen::element<std::string>("", "", "0", "000") + text +
           *rc::gen::element<std::string>("", "", ";a", ";a=b;c", R"(;a="b;\"c\r")") + "\r\n";
}

// Cuts it into pieces of one byte at least.
inline std::vector<std::string> cut(std::string_view text) {
    const auto longest = *rc::gen::element<std::size_t>(1, 3, 20, 1000, 100'000);
    std::vector<std::string> script;
    while (!text.empty()) {
        const auto size = *uniform<std::size_t>(1, std::min(longest, text.size()) + 1);
        script.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return script;
}

inline std::string encode_chunked(const std::string& body, const Lines& trailers) {
    std::string text;
    for (const std::string& piece : cut(body)) {
        text += chunk_size(piece.size()) + piece + "\r\n";
    }
    return text + chunk_size(0) + encode(trailers) + "\r\n";
}

enum class Kind : std::uint8_t { none, length, chunked };

// Adds a body of that kind to a message that has its first fields.
inline void add_body(Wire& wire, Kind kind) {
    if (kind == Kind::length) {
        wire.body = *bytes();
        wire.body_bytes = wire.body;
        wire.fields.push_back({*rc::gen::element<std::string>("Content-Length", "content-length"),
                               std::to_string(wire.body.size())});
    } else if (kind == Kind::chunked) {
        wire.chunked = true;
        wire.body = *bytes();
        wire.trailers =
            *rc::gen::scale(0.1, rc::gen::container<Lines>(rc::gen::scale(10, field())));
        wire.body_bytes = encode_chunked(wire.body, wire.trailers);
        wire.fields.push_back(
            {"Transfer-Encoding", *rc::gen::element<std::string>("chunked", "Chunked")});
    }
    const Lines more = *fields();
    wire.fields.insert(wire.fields.end(), more.begin(), more.end());
}

// A request that is in order.
inline rc::Gen<Wire> request() {
    return rc::gen::exec([] {
        Wire wire;
        wire.method = *rc::gen::oneOf(
            rc::gen::element<std::string>("GET", "HEAD", "POST", "OPTIONS", "get"), token());
        wire.target = *target();
        wire.version = *rc::gen::element(11U, 11U, 11U, 10U);
        const Kind kind = *rc::gen::element(Kind::none, Kind::length, Kind::chunked);
        wire.fields = *fields();
        if (wire.version == 11 || *rc::gen::arbitrary<bool>()) {
            wire.fields.push_back({*rc::gen::element<std::string>("Host", "hOST"),
                                   *rc::gen::element<std::string>("h", "a.example:81", "[::1]")});
        }
        add_body(wire, wire.version == 10 && kind == Kind::chunked ? Kind::length : kind);
        wire.head_bytes = wire.method + " " + wire.target +
                          (wire.version == 11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n") +
                          encode(wire.fields) + "\r\n";
        return wire;
    });
}

// A final answer that is in order, with its own framing: none means that the connection's end ends
// the body.
inline rc::Gen<Wire> answer() {
    return rc::gen::exec([] {
        Wire wire;
        wire.status = *rc::gen::element(200U, 201U, 301U, 404U, 500U, 299U, 999U);
        wire.reason = *value();
        wire.version = *rc::gen::element(11U, 11U, 11U, 10U);
        const Kind kind = *rc::gen::element(Kind::none, Kind::length, Kind::chunked);
        wire.fields = *fields();
        add_body(wire, wire.version == 10 && kind == Kind::chunked ? Kind::length : kind);
        if (kind == Kind::none) {
            wire.body = *bytes();
            wire.body_bytes = wire.body;
        }
        wire.head_bytes = (wire.version == 11 ? "HTTP/1.1 " : "HTTP/1.0 ") +
                          std::to_string(wire.status) + " " + wire.reason + "\r\n" +
                          encode(wire.fields) + "\r\n";
        return wire;
    });
}

// Changes some bytes, in ways that have fooled parsers.
inline std::string mutate(std::string text) {
    const auto count = *uniform(0, 4);
    for (int i = 0; i < count; i++) {
        const auto at = *uniform<std::size_t>(0, text.size() + 1);
        const auto size = std::min(*uniform<std::size_t>(0, 30), text.size() - at);
        switch (*uniform(0, 5)) {
        case 0:
            text.replace(at, std::min<std::size_t>(size, 1), 1, *byte());
            break;
        case 1:
            text.erase(at, size);
            break;
        case 2: {
            const auto to = *uniform<std::size_t>(0, text.size() + 1);
            text.insert(to, text.substr(at, size));
            break;
        }
        case 3: { // A line among the lines.
            const std::size_t line = text.find("\r\n", at);
            const auto added = *rc::gen::element<std::string>(
                "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length : 5\r\n",
                "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length:\r\n",
                "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                "Transfer-Encoding : chunked\r\n",
                "Transfer-Encoding: \x0b"
                "chunked\r\n",
                "Transfer_Encoding: chunked\r\n", "Connection: Host\r\n",
                "Connection: Content-Length\r\n", "Connection: close\r\n", " folded\r\n",
                "\tfolded: 1\r\n", "Host: other\r\n", "X-A: 1\n", "X-A: 1\rX-B: 2\r\n",
                "X-A: a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n");
            if (line != std::string::npos) {
                text.insert(line + 2, added);
            }
            break;
        }
        default:
            text.insert(at, *rc::gen::element<std::string>("\r", "\n", "\r\n", "\r\n\r\n", " ",
                                                           "\t", ":", ",", ";", "0", "chunked",
                                                           std::string(1, '\0'), "0\r\n\r\n"));
        }
    }
    return text;
}

inline Lines lines(const message::Fields& fields) {
    Lines result;
    for (const message::Field field : fields) {
        result.push_back({std::string(field.name), std::string(field.value)});
    }
    return result;
}

inline Lines lines(const std::vector<message::Field>& fields) {
    Lines result;
    for (const message::Field& field : fields) {
        result.push_back({std::string(field.name), std::string(field.value)});
    }
    return result;
}

// lines must outlive the result's owner: it copies them.
inline message::Fields to_fields(const Lines& lines) {
    message::Fields result;
    for (const Line& line : lines) {
        result.add(line.name, line.value);
    }
    return result;
}

} // namespace gangway::random

namespace gangway::strict {

inline void showValue(const Line& line, std::ostream& out) {
    rc::show(line.name + ": " + line.value, out);
}

} // namespace gangway::strict
