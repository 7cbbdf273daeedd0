#include "gangway/agent/instance_registry.hpp"

#include "gangway/base/environment.hpp"
#include "gangway/base/file_descriptor.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/small_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace gangway::command {

namespace fs = std::filesystem;

namespace {

// SERVER_INSTANCE_DIR_STRUCTURE_MAJOR_VERSION of Passenger 5 and 6.
constexpr int structure_major_version = 4;

// Far more than run on a machine; anybody can make more.
constexpr std::size_t most_refused = 100;

enum class Lock { held, free, unreadable };

// The watchdog holds an exclusive flock() for its life. A shared probe does not disturb other
// probes.
Lock probe_lock(int directory) {
    const FileDescriptor file(
        ::openat(directory, "lock", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!file) {
        return errno == EACCES ? Lock::unreadable : Lock::free;
    }
    if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
        return Lock::free;
    }
    return errno == EWOULDBLOCK ? Lock::held : Lock::free;
}

// The names of directories, and of links to something, that are wanted: in the order in which the
// system lists them, and without a look at what they lead to. Anybody may have made thousands.
std::vector<std::string> names_in(const fs::path& directory, bool (*is_wanted)(std::string_view),
                                  std::error_code& error) {
    std::vector<std::string> names;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::string name = entry->path().filename().string();
        std::error_code ignored;
        if (is_wanted(name) && !fs::is_regular_file(entry->symlink_status(ignored))) {
            names.push_back(std::move(name));
        }
    }
    return names;
}

// passenger.spawn.*: of Passenger's, while it starts a process (SpawningKit).
bool is_instance_name(std::string_view name) {
    return name.starts_with("passenger.") && !name.starts_with("passenger.spawn.");
}

bool is_regular_file(int directory, const char* name) {
    struct stat info {};
    return ::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
}

bool is_private_directory_of_web_server(std::string_view name) {
    constexpr std::array<std::string_view, 3> services{"-httpd.service-", "-nginx.service-",
                                                       "-apache2.service-"};
    return name.starts_with("systemd-private-") &&
           std::any_of(services.begin(), services.end(), [name](std::string_view service) {
               return name.find(service) != std::string_view::npos;
           });
}

std::optional<std::int64_t> read_core_pid(int directory) {
    const auto content = read_small_file_in(directory, "core.pid");
    std::int64_t pid = 0;
    if (!content || std::from_chars(content->data(), content->data() + content->size(), pid).ec !=
                        std::errc{}) {
        return std::nullopt;
    }
    return pid;
}

std::optional<Instance> instance_of(const fs::path& directory,
                                    const std::shared_ptr<const FileDescriptor>& opened,
                                    std::string_view properties_text) {
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
    instance.opened = opened;
    instance.passenger_version = json_text((*properties)["passenger_version"]);
    instance.server_software = json_text((*properties)["server_software"]);
    instance.core_pid = read_core_pid(opened->get());
    if (instance.name.empty()) {
        return std::nullopt;
    }
    return instance;
}

void refuse(RegistryContents& contents, const fs::path& directory, std::string reason,
            bool by_permission) {
    if (contents.refused.size() < most_refused) {
        contents.refused.push_back({directory, std::move(reason), by_permission});
    }
}

void refuse_unreadable(RegistryContents& contents, const fs::path& directory) {
    refuse(contents, directory,
           printable(directory.string()) + " is not readable by you (try sudo)", true);
}

// By device and number: two registries can be one directory under two names.
using Seen = std::set<std::pair<dev_t, ino_t>>;

void look_at(const fs::path& directory, const TrustedUsers& trusted, Seen& seen,
             RegistryContents& contents) {
    auto way = open_trusted_directory(directory, trusted);
    if (!way) {
        Refusal refusal = way.error();
        // What is gone, or is no directory, is nothing to be told of.
        if (refusal.error == 0 || refusal.error == EACCES) {
            refuse(contents, directory, std::move(refusal.reason), refusal.error == EACCES);
        }
        return;
    }
    const auto opened = std::make_shared<const FileDescriptor>(*std::move(way));
    struct stat info {};
    if (::fstat(opened->get(), &info) != 0 || !seen.insert({info.st_dev, info.st_ino}).second) {
        return;
    }
    const auto properties = read_small_file_in(opened->get(), "properties.json");
    if (!properties) {
        if (properties.error().value() == EACCES) {
            refuse_unreadable(contents, directory);
        }
        return;
    }
    if (!is_regular_file(opened->get(), "creation_finalized")) {
        return;
    }
    auto instance = instance_of(directory, opened, *properties);
    if (!instance) {
        return;
    }
    const Lock lock = probe_lock(opened->get());
    if (lock == Lock::held) {
        contents.instances.push_back(std::move(*instance));
    } else if (lock == Lock::unreadable) {
        refuse_unreadable(contents, directory);
    }
}

// What is listed is what was looked at, whatever becomes of the path.
void look_through(const fs::path& registry, const TrustedUsers& trusted, Seen& seen,
                  RegistryContents& contents) {
    const auto opened = open_trusted_directory(registry, trusted);
    if (!opened) {
        Refusal refusal = opened.error();
        if (refusal.error == EACCES) {
            refuse_unreadable(contents, registry);
        } else if (refusal.error == 0) {
            refuse(contents, registry, std::move(refusal.reason), false);
        }
        return;
    }
    std::error_code error;
    const auto names =
        names_in("/proc/self/fd/" + std::to_string(opened->get()), is_instance_name, error);
    if (error == std::errc::permission_denied) {
        refuse_unreadable(contents, registry);
    }
    for (const std::string& name : names) {
        look_at(registry / name, trusted, seen, contents);
    }
}

} // namespace

std::vector<fs::path> web_server_private_directories(const fs::path& tmp) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const std::string& name : names_in(tmp, is_private_directory_of_web_server, ignored)) {
        found.push_back(tmp / name / "tmp");
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<fs::path> registry_directories() {
    if (const auto only = environment_variable("PASSENGER_INSTANCE_REGISTRY_DIR")) {
        return {*only};
    }
    std::vector<fs::path> directories;
    if (const auto temporary = environment_variable("TMPDIR")) {
        directories.emplace_back(*temporary);
    }
    for (const char* usual : {"/tmp", "/var/run/passenger-instreg"}) {
        if (directories.empty() || directories.front() != usual) {
            directories.emplace_back(usual);
        }
    }
    const auto private_ones = web_server_private_directories("/tmp");
    directories.insert(directories.end(), private_ones.begin(), private_ones.end());
    return directories;
}

RegistryContents find_instances(const std::vector<fs::path>& registries,
                                const TrustedUsers& trusted) {
    RegistryContents contents;
    Seen seen;
    for (const fs::path& registry : registries) {
        look_through(registry, trusted, seen, contents);
    }
    std::sort(contents.instances.begin(), contents.instances.end(),
              [](const Instance& left, const Instance& right) { return left.name < right.name; });
    return contents;
}

std::string first_few(const std::vector<fs::path>& directories, std::string_view before) {
    std::string text;
    constexpr std::size_t few = 10;
    const std::size_t shown = std::min(directories.size(), few);
    for (std::size_t i = 0; i < shown; ++i) {
        text.append(before).append(printable(directories[i].string()));
    }
    if (shown < directories.size()) {
        text.append(before).append(std::to_string(directories.size() - shown)).append(" more");
    }
    return text;
}

} // namespace gangway::command
