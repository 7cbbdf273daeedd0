#include "gangway/base/environment.hpp"

#include <cstdlib>

namespace gangway::command {

std::optional<std::string> environment_variable(const char* name) {
    // The command has one thread and never changes its environment.
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return value;
}

} // namespace gangway::command
