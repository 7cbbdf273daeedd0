// What a parsed head must keep to, beyond what the parser itself refuses, so that nobody can take
// the end of a message for somewhere else (RFC 9112, 3.2, 6 and 11.2; docs/forwarding.md).
//
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "message/parser.hpp"

namespace gangway::message {

// The most options that all Connection fields of a message may list: each is looked up for each
// field, and a peer chooses both.
inline constexpr std::size_t max_connection_options = 64;
bool has_too_many_options(const Fields& fields);

// Nothing, or one sentence on what is wrong.
std::optional<std::string> check_request(const Head& head);
std::optional<std::string> check_answer(const Head& head);

// A request that asks to leave HTTP, and may (RFC 9110, 7.8): HTTP/1.1, without a body, and
// not HEAD.
bool asks_for_upgrade(const Head& head);

// Whether the client may wait for 100 before it sends the body (RFC 9110, 10.1.1). What else Expect
// may say is refused before.
bool expects_continue(const Head& request);

} // namespace gangway::message
