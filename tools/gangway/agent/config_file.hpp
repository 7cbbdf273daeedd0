// The agent's configuration file as the command sees it: which one it is, and the one value that
// the command takes from it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace gangway::command {

struct ConfigFileChoice {
    std::filesystem::path path;
    bool named = false; // by $GANGWAY_CONFIG: it must exist
};

// $GANGWAY_CONFIG, else /etc/passenger-gangway.json.
[[nodiscard]] ConfigFileChoice choose_config_file();

struct ConfiguredSocket {
    std::optional<std::filesystem::path> path; // nothing: no such file or key
    // Why that is not known, printable: the file is there and cannot be read, or is no JSON.
    std::optional<std::string> fault;
};

// The file's socket_path. Throws Failure(usage) where $GANGWAY_CONFIG names what is missing or
// broken: to go on as without it would reach another instance than the one that is meant.
[[nodiscard]] ConfiguredSocket configured_socket();

} // namespace gangway::command
