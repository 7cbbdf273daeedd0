#include "gangway/agent/config_file.hpp"

#include "gangway/base/environment.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/small_file.hpp"
#include "gangway/base/system_error_text.hpp"

#include <cerrno>
#include <string>

namespace gangway::command {

ConfigFileChoice choose_config_file() {
    if (const auto named = environment_variable("GANGWAY_CONFIG")) {
        return {*named, true};
    }
    return {"/etc/passenger-gangway.json", false};
}

ConfiguredSocket configured_socket() {
    const ConfigFileChoice file = choose_config_file();
    const std::string name = printable(file.path.string());
    const auto content = read_small_file(file.path);
    const int error = content ? 0 : content.error().value();
    if (error == ENOENT && !file.named) {
        return {};
    }
    // Who may not read the agent's configuration finds its instance nevertheless.
    if (error == EACCES) {
        return {.path = std::nullopt, .fault = name + " may not be read by you (try sudo)"};
    }
    const auto config = content ? parse_json(*content) : std::nullopt;
    if (config && config->isObject()) {
        const std::string path = json_text(json_member(*config, "socket_path"));
        return {.path = path.empty() ? std::nullopt : std::optional<std::filesystem::path>(path),
                .fault = std::nullopt};
    }
    const std::string fault =
        name + (content ? " is no JSON object ('gangway check-config' says what is wrong)"
                        : " cannot be read: " + system_error_text(error));
    if (file.named) {
        throw Failure(ExitCode::usage, "GANGWAY_CONFIG: " + fault);
    }
    return {.path = std::nullopt, .fault = fault};
}

} // namespace gangway::command
