// Everything about one process, field by field.
#pragma once

#include <json/value.h>

#include <string>

namespace gangway::command {

// process: a row, as GET /v1/processes/{id} has it. Printable, in lines.
[[nodiscard]] std::string process_text(const Json::Value& process);

} // namespace gangway::command
