// Reading JSON that somebody else wrote: no value's type is taken for granted. And writing our own.
#pragma once

#include <json/value.h>

#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

// Nothing where the text is not one JSON document.
[[nodiscard]] std::optional<Json::Value> parse_json(std::string_view text);

// The part of `text` that `value` was read from; `value` belongs to what parse_json(text) returned.
[[nodiscard]] std::string_view json_source(std::string_view text, const Json::Value& value);

// A string as it is, a number or boolean as JSON writes it, "" for null, objects and arrays. Not
// made printable.
[[nodiscard]] std::string json_text(const Json::Value& value);

// The member of an object; null where there is none or `value` is no object.
[[nodiscard]] const Json::Value& json_member(const Json::Value& value, const char* name);

// A string that JSON may hold: bytes that are no UTF-8 are replaced.
[[nodiscard]] Json::Value json_string(std::string_view text);

// In one line, without a line feed; numbers as exact as they are.
[[nodiscard]] std::string json_line(const Json::Value& value);

// What --json writes: one line with its line feed, fractions cut to six digits.
[[nodiscard]] std::string json_document(const Json::Value& value);

} // namespace gangway::command
