// What is sent to a process says what was put in, and nothing else.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "message/chunk.hpp"
#include "support/http_generators.hpp"
#include "support/session_header.hpp"
#include "support/strict_parser.hpp"
#include "support/wire.hpp"
#include "worker/request_encoder.hpp"

namespace gangway::worker {
namespace {

using random::Line;
using random::Lines;

// Without NUL, which no parsed head holds.
rc::Gen<std::string> text() {
    return rc::gen::map(random::bytes(), [](std::string bytes) {
        std::replace(bytes.begin(), bytes.end(), '\0', '0');
        return bytes;
    });
}

Headers headers(const Lines& lines) {
    Headers result;
    for (const Line& line : lines) {
        result.push_back({line.name, line.value});
    }
    return result;
}

// "HTTP_X_A"; nothing for a name that would collide with another.
std::optional<std::string> cgi_name(const std::string& name) {
    std::string result = "HTTP_";
    for (const char c : name) {
        if (c == '-') {
            result += '_';
        } else if (c >= 'a' && c <= 'z') {
            result += static_cast<char>(c - 'a' + 'A');
        } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            result += c;
        } else {
            return std::nullopt;
        }
    }
    return result == "HTTP_CONTENT_TYPE" ? "CONTENT_TYPE" : result;
}

// What becomes of headers, written once more: joined where the first of a name stands.
Variables joined(const Lines& lines) {
    Variables result;
    for (const Line& line : lines) {
        const auto name = cgi_name(line.name);
        if (!name) {
            continue;
        }
        const auto found = std::find_if(result.begin(), result.end(),
                                        [&](const auto& other) { return other.first == *name; });
        if (found == result.end()) {
            result.emplace_back(*name, line.value);
        } else {
            found->second += (name == "HTTP_COOKIE" ? ";" : ",") + line.value;
        }
    }
    return result;
}

RC_GTEST_PROP(SessionRequestProperties, DecodesToWhatWasPutIn, ()) {
    const std::string method = *text();
    const std::string path = *text();
    const std::string password = *text();
    const std::string upgrade = *rc::gen::element<std::string>("", "websocket");
    const auto length = *rc::gen::arbitrary<std::uint64_t>();
    const Lines lines =
        *rc::gen::container<Lines>(rc::gen::construct<Line>(random::token(), text()));
    const Request request{method,          path,    "h:1",   "/", headers(lines),
                          {false, length}, upgrade, password};

    const auto decoded = decode_session_header(encode_session_request(request, "G"));
    RC_ASSERT(decoded.has_value());
    const std::size_t mark = std::min(path.find('?'), path.size());
    Variables expected{{"REQUEST_URI", path},
                       {"PATH_INFO", path.substr(0, mark)},
                       {"SCRIPT_NAME", ""},
                       {"QUERY_STRING", mark == path.size() ? "" : path.substr(mark + 1)},
                       {"REQUEST_METHOD", method},
                       {"SERVER_NAME", "h"},
                       {"SERVER_PORT", "1"},
                       {"SERVER_SOFTWARE", "G"},
                       {"SERVER_PROTOCOL", "HTTP/1.1"},
                       {"REMOTE_ADDR", "127.0.0.1"},
                       {"REMOTE_PORT", "0"}};
    if (length > 0) {
        expected.emplace_back("CONTENT_LENGTH", std::to_string(length));
    }
    expected.emplace_back("PASSENGER_CONNECT_PASSWORD", password);
    if (!upgrade.empty()) {
        expected.emplace_back("HTTP_CONNECTION", "upgrade");
        expected.emplace_back("HTTP_UPGRADE", upgrade);
    }
    for (auto& variable : joined(lines)) {
        expected.push_back(std::move(variable));
    }
    RC_ASSERT(*decoded == expected);
}

RC_GTEST_PROP(ChunkProperties, GiveTheSameBytesBack, ()) {
    const std::string body = *random::bytes();
    const Lines trailers = *rc::gen::container<Lines>(random::field());
    std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string& piece : random::cut(body)) {
        bytes += message::chunk_head(piece.size()) + piece;
        bytes += message::chunk_tail;
    }
    bytes += message::chunked_end(headers(trailers));
    const message::Reading reading = message::read_answer(random::cut(bytes + "behind"));
    RC_ASSERT(!reading.error());
    RC_ASSERT(reading.body == body);
    RC_ASSERT(random::lines(reading.head.trailers) == trailers);
    RC_ASSERT(reading.rest == "behind");
    const auto message = strict::one_answer(bytes, false);
    RC_ASSERT(message.has_value());
    RC_ASSERT(message->body == body);
}

} // namespace
} // namespace gangway::worker
