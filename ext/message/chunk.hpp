// The framing of a chunked body (RFC 9112, 7.1).
//
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "message/fields.hpp"

namespace gangway::message {

// One chunk's size line; after its data comes chunk_tail.
std::string chunk_head(std::size_t size);
inline constexpr std::string_view chunk_tail = "\r\n";
// The last chunk, the trailers and the empty line behind them.
std::string chunked_end(const std::vector<Field>& trailers);

// "NAME: VALUE\r\n"
void append_field(std::string& text, std::string_view name, std::string_view value);

} // namespace gangway::message
