// The running Passenger instances, found as Passenger's own tools find them
// (admin_tools/instance_registry.rb and instance.rb) but only read: nothing stale is cleaned away.
#pragma once

#include "gangway/base/file_descriptor.hpp"
#include "gangway/client/trusted_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {

struct Instance {
    std::string name;                // 8 random characters by default
    std::filesystem::path directory; // to be shown
    // The directory itself, which was looked at; everything in it is opened from here.
    std::shared_ptr<const FileDescriptor> opened;
    std::string passenger_version;
    std::string server_software;
    std::optional<std::int64_t> core_pid; // unknown while the core starts

    [[nodiscard]] std::filesystem::path socket() const {
        return directory / "agents.s" / "gangway";
    }
};

struct RegistryContents {
    std::vector<Instance> instances; // ordered by name
    // Registries and directories that may be an instance's and are not believed, or may not be
    // looked into; the first few.
    struct Refused {
        std::filesystem::path directory;
        std::string reason;
        bool by_permission; // the system's
    };
    std::vector<Refused> refused;
};

// $PASSENGER_INSTANCE_REGISTRY_DIR alone if set; else $TMPDIR, /tmp, /var/run/passenger-instreg and
// the private /tmp of web servers under systemd. Anybody may make directories that are named like
// those: as many as he likes.
[[nodiscard]] std::vector<std::filesystem::path> registry_directories();

// The private /tmp directories below `tmp`: systemd-private-*-{httpd,nginx,apache2}.service-*/tmp.
[[nodiscard]] std::vector<std::filesystem::path>
web_server_private_directories(const std::filesystem::path& tmp);

// The instances in these directories that are completely set up, of a structure that is known here,
// and whose watchdog lives, which is seen by its lock. Only such as trusted users have made, by a
// way that only they can change: see client/trusted_directory.hpp.
[[nodiscard]] RegistryContents find_instances(const std::vector<std::filesystem::path>& registries,
                                              const TrustedUsers& trusted);

// To be shown, each printable behind `before`: the first few, and how many more there are.
[[nodiscard]] std::string first_few(const std::vector<std::filesystem::path>& directories,
                                    std::string_view before);

} // namespace gangway::command
