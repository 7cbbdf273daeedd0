// Base64 with the usual alphabet (RFC 4648, 4).
//
// Pure. Cost is linear in the text, and the result is grown as it is written: no length is computed
// ahead.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gangway {

// With padding.
std::string encode_base64(std::string_view bytes);

// Nothing for what is no base64: another character, a last group of one digit alone, bits that are
// left over and not zero, padding that is not just what the last group wants. Padding may be
// missing altogether, as some clients send it.
std::optional<std::string> decode_base64(std::string_view text);

} // namespace gangway
