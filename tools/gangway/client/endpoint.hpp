// The socket that a request goes to, and who may answer there.
#pragma once

#include "gangway/base/file_descriptor.hpp"
#include "gangway/client/trusted_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace gangway::command {

struct CoreOfInstance {
    std::string instance; // its name, printable
    std::int64_t pid = 0;
};

struct Endpoint {
    std::filesystem::path socket; // as it was named or found
    // Who may serve it.
    TrustedUsers trusted;
    // The instance's directory, where the administrators' passwords lie; null where it is unknown,
    // or not believed.
    std::shared_ptr<const FileDescriptor> instance_directory;
    // The socket is agents.s/gangway of that directory, and is reached from it, not by its path.
    bool is_in_instance_directory = false;
    // Who must serve it, where its path does not tell: one configuration may be of several cores,
    // of which one has the socket. connect_to() sees to it.
    std::optional<CoreOfInstance> core = std::nullopt;
};

} // namespace gangway::command
