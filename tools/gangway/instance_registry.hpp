// The running Passenger instances, found as Passenger's own tools find them
// (admin_tools/instance_registry.rb and instance.rb) but only read: nothing stale is cleaned away.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

struct Instance {
    std::string name; // 8 random characters by default
    std::filesystem::path directory;
    std::string passenger_version;
    std::string server_software;
    std::optional<std::int64_t> core_pid; // unknown while the core starts

    [[nodiscard]] std::filesystem::path socket() const {
        return directory / "agents.s" / "gangway";
    }
};

struct RegistryContents {
    std::vector<Instance> instances; // ordered by name
    // Instance directories that this user may not look into.
    std::vector<std::filesystem::path> unreadable;
};

// $PASSENGER_INSTANCE_REGISTRY_DIR alone if set; else $TMPDIR, /tmp, /var/run/passenger-instreg and
// the private /tmp of web servers under systemd. Each once.
[[nodiscard]] std::vector<std::filesystem::path> registry_directories();

// The private /tmp directories below `tmp`: systemd-private-*-{httpd,nginx,apache2}.service-*/tmp.
[[nodiscard]] std::vector<std::filesystem::path>
web_server_private_directories(const std::filesystem::path& tmp);

// The instances in these directories that are completely set up, of a structure that is known here,
// and whose watchdog lives, which is seen by its lock.
[[nodiscard]] RegistryContents find_instances(const std::vector<std::filesystem::path>& registries);

} // namespace gangway::command
