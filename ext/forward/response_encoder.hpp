// The head of an answer to the client, and how its body is framed (RFC 9112, 6).
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forward/header_rules.hpp"

namespace gangway::forward {

enum class Framing : std::uint8_t {
    none,   // no body: HEAD, 204, 304
    length, // Content-Length
    chunked,
    until_close, // for an HTTP/1.0 client that is told no length
};

struct ResponseHead {
    unsigned status;
    std::string_view reason;                     // empty: the usual one, if there is one
    Headers headers;                             // as response_headers() gives them
    std::optional<std::uint64_t> content_length; // as the process said
    bool keep_alive;                             // the client wants to, and so do we
    std::string_view route;                      // "pool" or "direct"
    std::string_view process;                    // "PID GUPID"
};

Framing choose_framing(bool is_head, unsigned status, bool client_is_http_1_1,
                       std::optional<std::uint64_t> content_length);

// now: an IMF-fixdate (RFC 9110, 5.6.7), for an answer without Date.
std::string encode_response_head(const ResponseHead& head, Framing framing, std::string_view now);

} // namespace gangway::forward
