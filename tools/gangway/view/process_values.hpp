// Fields of a process row (docs/api.md) as people read them.
#pragma once

#include <json/value.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {

// Printable; "-" where the agent knows no value. Sizes, durations and percentages have their units,
// by the ending of the field's name.
[[nodiscard]] std::string process_value(const Json::Value& row, const std::string& field);

// The documented ones, in their documented order.
[[nodiscard]] std::span<const std::string_view> documented_process_fields();

// The row's fields: the documented ones in their documented order, then those of later versions.
[[nodiscard]] std::vector<std::string> process_fields(const Json::Value& row);

} // namespace gangway::command
