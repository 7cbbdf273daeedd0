// The system's words for an errno, without strerror()'s shared buffer.
#pragma once

#include <string>
#include <system_error>

namespace gangway::command {

[[nodiscard]] inline std::string system_error_text(int error_number) {
    return std::error_code(error_number, std::generic_category()).message();
}

} // namespace gangway::command
