// Connects to a Unix stream socket.
#pragma once

#include "file_descriptor.hpp"

#include <filesystem>

namespace gangway::command {

// Throws Failure: unauthorized where the socket's permissions forbid it, unreachable otherwise.
// Waits at most five seconds for an agent that does not accept. Paths longer than sun_path work
// too, as an instance inside a web server's private /tmp has.
[[nodiscard]] FileDescriptor connect_to(const std::filesystem::path& socket);

} // namespace gangway::command
