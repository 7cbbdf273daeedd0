// Environment variables, read as Passenger's own tools read them: an empty one counts as unset.
#pragma once

#include <optional>
#include <string>

namespace gangway::command {

[[nodiscard]] std::optional<std::string> environment_variable(const char* name);

} // namespace gangway::command
