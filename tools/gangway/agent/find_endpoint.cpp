#include "gangway/agent/find_endpoint.hpp"

#include "gangway/agent/config_file.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/printable.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

namespace gangway::command {

namespace fs = std::filesystem;

namespace {

// The configured one. Throws Failure where this user may not see whether it is there.
bool socket_exists(const fs::path& configured) {
    std::error_code error;
    const bool exists = fs::is_socket(fs::status(configured, error));
    if (error == std::errc::permission_denied) {
        throw Failure(ExitCode::unauthorized, "the configured socket " +
                                                  printable(configured.string()) +
                                                  " may not be looked for by you (try sudo)");
    }
    return exists;
}

std::string described(const std::vector<const Instance*>& instances) {
    std::string lines;
    for (const Instance* instance : instances) {
        lines += "\n  " + printable(instance->name) + "  " + printable(instance->server_software) +
                 "  " + printable(instance->directory.string());
    }
    return lines;
}

constexpr std::size_t most_shown = 10;

// Those that match, and no more of them than somebody reads.
std::string described(const std::vector<RegistryContents::Refused>& refused) {
    std::string lines;
    for (std::size_t i = 0; i < refused.size() && i < most_shown; ++i) {
        lines += "\n  " + refused[i].reason;
    }
    if (refused.size() > most_shown) {
        lines += "\n  and " + std::to_string(refused.size() - most_shown) +
                 " more ('gangway instances' lists them)";
    }
    return lines;
}

std::string told_fault(const std::optional<std::string>& configuration_fault) {
    return configuration_fault
               ? "\nA socket_path that is configured is not known: " + *configuration_fault
               : "";
}

// It may be among those that this user may not look into.
ExitCode code_for(const RegistryContents& contents) {
    const bool by_permission =
        std::any_of(contents.refused.begin(), contents.refused.end(),
                    [](const RegistryContents::Refused& refused) { return refused.by_permission; });
    return by_permission ? ExitCode::unauthorized : ExitCode::unreachable;
}

NoSuchInstance no_instance(const RegistryContents& contents, const std::string& wanted,
                           const std::vector<fs::path>& searched,
                           const std::optional<std::string>& configuration_fault) {
    const ExitCode code = code_for(contents);
    std::string message = (wanted.empty() ? std::string("no running Passenger instance found")
                                          : "no running Passenger instance '" + printable(wanted) +
                                                "' found, nor any other") +
                          (code == ExitCode::unauthorized ? " where you may look" : "") +
                          ". Searched for passenger.* in:" + first_few(searched, "\n  ");
    if (contents.refused.empty()) {
        message += "\nIf Passenger runs with another instance registry directory, set "
                   "PASSENGER_INSTANCE_REGISTRY_DIR to it, or name the socket with --socket.";
    } else {
        message += "\nNot looked into:" + described(contents.refused);
    }
    return {code, message + told_fault(configuration_fault)};
}

Endpoint named_socket(const fs::path& socket, TrustedUsers trusted) {
    Endpoint endpoint{socket, std::move(trusted), nullptr, false};
    if (const auto directory = instance_directory_of_socket(socket)) {
        auto opened = open_trusted_directory(*directory, endpoint.trusted);
        if (opened) {
            endpoint.instance_directory =
                std::make_shared<const FileDescriptor>(*std::move(opened));
            endpoint.is_in_instance_directory = true;
        }
    }
    return endpoint;
}

// The peer's user counts there: which instance's password would be the right one is not known.
// Where it is missing, an instance that runs is another site's, or has begun before it was
// configured: the user says which.
Endpoint configured_endpoint(const fs::path& socket, TrustedUsers trusted) {
    if (socket_exists(socket)) {
        return {socket, std::move(trusted), nullptr, false};
    }
    throw Failure(ExitCode::unreachable,
                  "the configured socket " + printable(socket.string()) + " (socket_path in " +
                      printable(choose_config_file().path.string()) +
                      ") is not there: its Passenger is down, runs without Gangway, or was not "
                      "restarted since it was configured. --instance NAME asks one that runs "
                      "('gangway instances' lists them)");
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
                         const std::vector<fs::path>& searched,
                         const std::optional<std::string>& configuration_fault) {
    if (contents.instances.empty()) {
        throw no_instance(contents, wanted, searched, configuration_fault);
    }
    std::vector<const Instance*> matching;
    for (const Instance& instance : contents.instances) {
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
        throw no_such_instance(contents, wanted);
    }
    throw Failure(ExitCode::unreachable,
                  (wanted.empty()
                       ? std::string("several Passenger instances run")
                       : "several Passenger instances begin with '" + printable(wanted) + "'") +
                      ". Choose one with --instance NAME:" + described(matching));
}

NoSuchInstance no_such_instance(const RegistryContents& contents, const std::string& wanted) {
    std::vector<const Instance*> all;
    std::transform(contents.instances.begin(), contents.instances.end(), std::back_inserter(all),
                   [](const Instance& instance) { return &instance; });
    return {code_for(contents),
            "no running Passenger instance is named '" + printable(wanted) + "'" +
                (all.empty() ? "; none runs" : ". These run:" + described(all)) +
                (contents.refused.empty() ? std::string()
                                          : "\nNot looked into:" + described(contents.refused))};
}

Presence socket_of(const Instance& instance) {
    struct stat info {};
    if (::fstatat(instance.opened->get(), "agents.s/gangway", &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == EACCES ? Presence::no_permission : Presence::missing;
    }
    return S_ISSOCK(info.st_mode) ? Presence::there : Presence::missing;
}

Endpoint find_endpoint(const AgentChoice& choice) {
    TrustedUsers trusted = TrustedUsers::of_command(choice.core_user);
    if (!choice.socket.empty()) {
        return named_socket(choice.socket, std::move(trusted));
    }
    const ConfiguredSocket configured = configured_socket();
    if (configured.path && choice.instance.empty()) {
        return configured_endpoint(*configured.path, std::move(trusted));
    }
    const std::vector<fs::path> searched = registry_directories();
    const RegistryContents contents = find_instances(searched, trusted);
    const Instance instance =
        choose_instance(contents, choice.instance, searched, configured.fault);
    const Presence presence = socket_of(instance);
    if (presence == Presence::there) {
        return {instance.socket(), std::move(trusted), instance.opened, true};
    }
    if (configured.path && instance.core_pid && socket_exists(*configured.path)) {
        return {*configured.path, std::move(trusted), instance.opened, false,
                CoreOfInstance{printable(instance.name), *instance.core_pid}};
    }
    if (presence == Presence::no_permission) {
        throw Failure(ExitCode::unauthorized,
                      "instance " + printable(instance.name) + " runs as another user, and " +
                          printable(instance.socket().parent_path().string()) +
                          " may not be looked into by you (try sudo)");
    }
    if (configured.fault) {
        throw Failure(ExitCode::unreachable,
                      "instance " + printable(instance.name) + " has no admin socket at " +
                          printable(instance.socket().string()) +
                          ", and whether it has a configured one (socket_path) is not known: " +
                          *configured.fault);
    }
    throw Failure(ExitCode::unreachable,
                  "instance " + printable(instance.name) +
                      " runs without Gangway, or its module did not start: look for 'gangway' in "
                      "Passenger's log. Looked for the socket " +
                      printable(instance.socket().string()) +
                      (configured.path ? " and " + printable(configured.path->string()) : ""));
}

} // namespace gangway::command
