// Reading JSON that somebody else wrote: no value's type is taken for granted. And writing our own.
#pragma once

#include <json/value.h>

#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

// Nothing where the text is not one JSON document.
[[nodiscard]] std::optional<Json::Value> parse_json(std::string_view text);

// A string as it is, a number or boolean as JSON writes it, "" for null, objects and arrays. Not
// made printable.
[[nodiscard]] std::string json_text(const Json::Value& value);

// The member of an object; null where there is none or `value` is no object.
[[nodiscard]] const Json::Value& json_member(const Json::Value& value, const char* name);

// A document for people and programs: indented, with a line feed at its end, fractions cut to so
// many digits.
[[nodiscard]] std::string json_document(const Json::Value& value, unsigned fraction_digits = 3);

// In one line, without a line feed. Fractions as exact as they are, or cut to so many digits.
[[nodiscard]] std::string json_line(const Json::Value& value,
                                    std::optional<unsigned> fraction_digits = std::nullopt);

} // namespace gangway::command
