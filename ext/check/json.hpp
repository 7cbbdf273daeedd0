// JSON as health checks read it: from the body of an answer, at a pointer, compared with a value.
//
// Pure. Nothing here throws for what a process or a user sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <json/json.h>

#include "check/complaint.hpp"

namespace gangway::check {

// A text that goes beyond these is not read at all: to read one takes up to 1 µs a value, for which
// everybody waits.
inline constexpr std::size_t max_json_values = 2000;
inline constexpr std::size_t max_json_depth = 64;

// Any JSON value and nothing after it, within the bounds above; of two members with one name the
// last counts. Nothing when the text is not that.
std::optional<Json::Value> parse_json(std::string_view text);

// RFC 6901. Without tokens: the whole document.
struct JsonPointer {
    std::string text;                // as given
    std::vector<std::string> tokens; // with ~0 and ~1 undone
};

// In the plain form, "/checks/0/state"; not as a URI's fragment.
Parsed<JsonPointer> parse_json_pointer(std::string_view text);

// Null when the pointer leads nowhere, as with an array's "-", "01" or an index past its end.
// The value lives as long as the document.
const Json::Value* find(const Json::Value& document, const JsonPointer& pointer);

// 1 and 1.0 are equal; the order of members does not matter, that of elements does.
bool equal(const Json::Value& a, const Json::Value& b);

// In one line.
std::string print(const Json::Value& value);

} // namespace gangway::check
