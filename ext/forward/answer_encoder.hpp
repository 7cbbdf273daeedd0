// The head of an answer to the client, and how its body is framed (RFC 9112, 6).
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forward/report.hpp"
#include "worker/header_rules.hpp"

namespace gangway::forward {

enum class Framing : std::uint8_t {
    none,   // no body: HEAD, 204, 304; and an upgrade
    length, // Content-Length
    chunked,
    until_close, // for an HTTP/1.0 client that is told no length
};

struct AnswerHead {
    unsigned status;
    std::string_view reason;                     // empty: the usual one, if there is one
    worker::Headers headers;                     // as answer_headers() gives them
    std::optional<std::uint64_t> content_length; // as the process said
    bool keep_alive;                             // the client wants to, and so do we
    std::string_view upgrade;                    // the value of Upgrade, with 101
    std::string_view process;                    // "PID GUPID"
};

Framing choose_framing(bool is_head, unsigned status, bool client_is_http_1_1,
                       std::optional<std::uint64_t> content_length);

// report: for route and times. now: an IMF-fixdate (RFC 9110, 5.6.7), for an answer without Date.
// Put in the memory of space, whose content does not matter.
std::string encode_answer_head(const AnswerHead& head, Framing framing, const Report& report,
                               std::string_view now, std::string space = {});

// An interim answer (RFC 9110, 15.2).
std::string encode_interim_head(unsigned status, std::string_view reason,
                                const worker::Headers& headers);

// "queue;dur=0.312, connect;dur=0.041, first_byte;dur=12.500, total;dur=12.900", in milliseconds
// (W3C Server Timing). total: from the request's head to at. What did not happen is left out.
void append_server_timing(std::string& text, const Report& report, Report::Clock::time_point at);

} // namespace gangway::forward
