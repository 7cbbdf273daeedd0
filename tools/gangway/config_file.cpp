#include "config_file.hpp"

#include "environment.hpp"
#include "json_text.hpp"
#include "small_file.hpp"

#include <string>
#include <variant>

namespace gangway::command {

ConfigFileChoice choose_config_file() {
    if (const auto named = environment_variable("GANGWAY_CONFIG")) {
        return {*named, true};
    }
    return {"/etc/passenger-gangway.json", false};
}

std::optional<std::filesystem::path> configured_socket_path() {
    const auto content = read_small_file(choose_config_file().path);
    const auto* text = std::get_if<std::string>(&content);
    if (text == nullptr) {
        return std::nullopt;
    }
    const auto config = parse_json(*text);
    if (!config) {
        return std::nullopt;
    }
    const std::string path = json_text(json_member(*config, "socket_path"));
    if (path.empty()) {
        return std::nullopt;
    }
    return path;
}

} // namespace gangway::command
