#include "instance_registry.hpp"

#include "environment.hpp"
#include "file_descriptor.hpp"
#include "json_text.hpp"
#include "small_file.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

namespace gangway::command {

namespace fs = std::filesystem;

namespace {

// SERVER_INSTANCE_DIR_STRUCTURE_MAJOR_VERSION of Passenger 5 and 6.
constexpr int structure_major_version = 4;

enum class Lock { held, free, unreadable };

// The watchdog holds an exclusive flock() for its life. A shared probe does not disturb other
// probes.
Lock probe_lock(const fs::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        return errno == EACCES ? Lock::unreadable : Lock::free;
    }
    if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
        return Lock::free;
    }
    return errno == EWOULDBLOCK ? Lock::held : Lock::free;
}

std::vector<fs::path> entries_of(const fs::path& directory) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        entries.push_back(entry->path());
    }
    return entries;
}

bool is_private_directory_of_web_server(std::string_view name) {
    constexpr std::array<std::string_view, 3> services{"-httpd.service-", "-nginx.service-",
                                                       "-apache2.service-"};
    return name.starts_with("systemd-private-") &&
           std::any_of(services.begin(), services.end(), [name](std::string_view service) {
               return name.find(service) != std::string_view::npos;
           });
}

std::optional<std::int64_t> read_core_pid(const fs::path& directory) {
    const auto content = read_small_file(directory / "core.pid");
    const auto* text = std::get_if<std::string>(&content);
    std::int64_t pid = 0;
    if (text == nullptr ||
        std::from_chars(text->data(), text->data() + text->size(), pid).ec != std::errc{}) {
        return std::nullopt;
    }
    return pid;
}

std::optional<Instance> instance_of(const fs::path& directory, std::string_view properties_text) {
    const std::optional<Json::Value> properties = parse_json(properties_text);
    if (!properties || !properties->isObject()) {
        return std::nullopt;
    }
    const Json::Value& structure = (*properties)["instance_dir"];
    if (!structure.isObject() || !structure["major_version"].isInt() ||
        structure["major_version"].asInt() != structure_major_version) {
        return std::nullopt;
    }
    Instance instance;
    instance.name = json_text((*properties)["name"]);
    instance.directory = directory;
    instance.passenger_version = json_text((*properties)["passenger_version"]);
    instance.server_software = json_text((*properties)["server_software"]);
    instance.core_pid = read_core_pid(directory);
    if (instance.name.empty()) {
        return std::nullopt;
    }
    return instance;
}

void look_at(const fs::path& directory, RegistryContents& contents) {
    const auto properties = read_small_file(directory / "properties.json");
    if (const int* error = std::get_if<int>(&properties)) {
        if (*error == EACCES) {
            contents.unreadable.push_back(directory);
        }
        return;
    }
    std::error_code ignored;
    if (!fs::is_regular_file(directory / "creation_finalized", ignored)) {
        return;
    }
    auto instance = instance_of(directory, std::get<std::string>(properties));
    if (!instance) {
        return;
    }
    const Lock lock = probe_lock(directory / "lock");
    if (lock == Lock::held) {
        contents.instances.push_back(std::move(*instance));
    } else if (lock == Lock::unreadable) {
        contents.unreadable.push_back(directory);
    }
}

} // namespace

std::vector<fs::path> web_server_private_directories(const fs::path& tmp) {
    std::vector<fs::path> found;
    for (const fs::path& entry : entries_of(tmp)) {
        if (is_private_directory_of_web_server(entry.filename().string())) {
            found.push_back(entry / "tmp");
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<fs::path> registry_directories() {
    if (const auto only = environment_variable("PASSENGER_INSTANCE_REGISTRY_DIR")) {
        return {*only};
    }
    std::vector<fs::path> directories;
    const auto add = [&directories](const fs::path& directory) {
        if (std::find(directories.begin(), directories.end(), directory) == directories.end()) {
            directories.push_back(directory);
        }
    };
    if (const auto temporary = environment_variable("TMPDIR")) {
        add(*temporary);
    }
    add("/tmp");
    add("/var/run/passenger-instreg");
    for (const fs::path& directory : web_server_private_directories("/tmp")) {
        add(directory);
    }
    return directories;
}

RegistryContents find_instances(const std::vector<fs::path>& registries) {
    RegistryContents contents;
    std::vector<fs::path> seen; // two registries can be one directory under two names
    for (const fs::path& registry : registries) {
        for (const fs::path& entry : entries_of(registry)) {
            std::error_code error;
            const fs::path canonical = fs::canonical(entry, error);
            if (!entry.filename().string().starts_with("passenger.") || error ||
                std::find(seen.begin(), seen.end(), canonical) != seen.end()) {
                continue;
            }
            seen.push_back(canonical);
            look_at(entry, contents);
        }
    }
    std::sort(contents.instances.begin(), contents.instances.end(),
              [](const Instance& left, const Instance& right) { return left.name < right.name; });
    return contents;
}

} // namespace gangway::command
