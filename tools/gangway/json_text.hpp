// Reading JSON that somebody else wrote: no value's type is taken for granted.
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

} // namespace gangway::command
