#include "endpoint.hpp"

#include "config_file.hpp"
#include "exit_code.hpp"
#include "printable.hpp"

#include <system_error>

namespace gangway::command {

namespace fs = std::filesystem;

namespace {

bool socket_exists(const fs::path& path) {
    std::error_code ignored;
    return fs::is_socket(path, ignored);
}

std::string described(const std::vector<const Instance*>& instances) {
    std::string lines;
    for (const Instance* instance : instances) {
        lines += "\n  " + printable(instance->name) + "  " + printable(instance->server_software) +
                 "  " + printable(instance->directory.string());
    }
    return lines;
}

Failure no_instance(const RegistryContents& contents, const std::vector<fs::path>& searched) {
    std::string message = "no running Passenger instance found. Searched for passenger.* in:";
    for (const fs::path& directory : searched) {
        message += "\n  " + printable(directory.string());
    }
    if (contents.unreadable.empty()) {
        message += "\nIf Passenger runs with another instance registry directory, set "
                   "PASSENGER_INSTANCE_REGISTRY_DIR to it, or name the socket with --socket.";
    } else {
        message += "\nNot readable by you (try sudo):";
        for (const fs::path& directory : contents.unreadable) {
            message += "\n  " + printable(directory.string());
        }
    }
    return {ExitCode::unreachable, message};
}

} // namespace

std::optional<fs::path> instance_directory_of_socket(const fs::path& socket) {
    if (socket.filename() != "gangway" || socket.parent_path().filename() != "agents.s") {
        return std::nullopt;
    }
    const fs::path directory = socket.parent_path().parent_path();
    return directory.empty() ? fs::path(".") : directory;
}

Instance choose_instance(const RegistryContents& contents, const std::string& wanted,
                         const std::vector<fs::path>& searched) {
    if (contents.instances.empty()) {
        throw no_instance(contents, searched);
    }
    std::vector<const Instance*> all;
    std::vector<const Instance*> matching;
    for (const Instance& instance : contents.instances) {
        all.push_back(&instance);
        if (!wanted.empty() && instance.name == wanted) {
            return instance;
        }
        if (instance.name.starts_with(wanted)) {
            matching.push_back(&instance);
        }
    }
    if (matching.size() == 1) {
        return *matching.front();
    }
    if (matching.empty()) {
        throw Failure(ExitCode::unreachable, "no running Passenger instance is named '" +
                                                 printable(wanted) +
                                                 "'. These run:" + described(all));
    }
    throw Failure(ExitCode::unreachable,
                  (wanted.empty()
                       ? std::string("several Passenger instances run")
                       : "several Passenger instances begin with '" + printable(wanted) + "'") +
                      ". Choose one with --instance NAME:" + described(matching));
}

Endpoint find_endpoint(const GlobalOptions& options) {
    if (!options.socket.empty()) {
        return {options.socket, instance_directory_of_socket(options.socket)};
    }
    const std::optional<fs::path> configured = configured_socket_path();
    const bool configured_exists = configured && socket_exists(*configured);
    const std::vector<fs::path> searched = registry_directories();
    const RegistryContents contents = find_instances(searched);
    if (contents.instances.empty() && options.instance.empty() && configured_exists) {
        // A core without a watchdog has no instance directory.
        return {*configured, std::nullopt};
    }
    const Instance instance = choose_instance(contents, options.instance, searched);
    if (socket_exists(instance.socket())) {
        return {instance.socket(), instance.directory};
    }
    if (configured_exists) {
        return {*configured, instance.directory};
    }
    throw Failure(ExitCode::unreachable,
                  "instance " + printable(instance.name) +
                      " runs without Gangway, or its module did not start: look for 'gangway' in "
                      "Passenger's log. Looked for the socket " +
                      printable(instance.socket().string()) +
                      (configured ? " and " + printable(configured->string()) : ""));
}

} // namespace gangway::command
