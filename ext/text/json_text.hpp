// Strings in JSON (RFC 8259, 7).
//
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace gangway {

// Appends the text in quotes. Each byte that is not UTF-8 becomes U+FFFD, and nothing around it is
// touched. What is not harmless to see (is_harmless()) is written as \uXXXX.
void append_json_string(std::string& to, std::string_view text);

} // namespace gangway
