// The agent's configuration file as the command sees it: which one it is, and the one value that
// the command takes from it.
#pragma once

#include <filesystem>
#include <optional>

namespace gangway::command {

struct ConfigFileChoice {
    std::filesystem::path path;
    bool named = false; // by $GANGWAY_CONFIG: it must exist
};

// $GANGWAY_CONFIG, else /etc/passenger-gangway.json.
[[nodiscard]] ConfigFileChoice choose_config_file();

// Its socket_path; nothing when there is no such file, key or value. Faults are check-config's to
// report.
[[nodiscard]] std::optional<std::filesystem::path> configured_socket_path();

} // namespace gangway::command
