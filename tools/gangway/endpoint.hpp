// Which socket to talk to: the one that was named, or that of the instance that runs here.
#pragma once

#include "global_options.hpp"
#include "instance_registry.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

struct Endpoint {
    std::filesystem::path socket;
    // Where the administrators' passwords lie; unknown for a socket elsewhere.
    std::optional<std::filesystem::path> instance_directory;
};

// Throws Failure(unreachable), which says what was looked for and what to do, when there is not
// exactly one answer.
[[nodiscard]] Endpoint find_endpoint(const GlobalOptions& options);

// The only instance, or the one whose name is `wanted` or alone begins with it.
[[nodiscard]] Instance choose_instance(const RegistryContents& contents, const std::string& wanted,
                                       const std::vector<std::filesystem::path>& searched);

// "/run/x" for "/run/x/agents.s/gangway"; nothing for other paths.
[[nodiscard]] std::optional<std::filesystem::path>
instance_directory_of_socket(const std::filesystem::path& socket);

} // namespace gangway::command
