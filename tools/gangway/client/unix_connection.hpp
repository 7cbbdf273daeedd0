// Connects to the admin socket, and sees who serves it before a byte is sent.
#pragma once

#include "gangway/base/file_descriptor.hpp"
#include "gangway/client/endpoint.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>

namespace gangway::command {

struct Connection {
    FileDescriptor descriptor;
    pid_t core_pid = 0;    // of the process that made the socket; 0: of another PID namespace
    FileDescriptor core{}; // that process (pidfd_open(2)); empty where there is none to be had
};

// Throws Failure: unauthorized where the socket's permissions forbid it, unreachable otherwise, so
// too where a user serves it whom the endpoint does not trust. Waits at most so long for an agent
// that does not accept. Paths longer than sun_path work too, as an instance inside a web server's
// private /tmp has.
[[nodiscard]] Connection connect_to(const Endpoint& endpoint,
                                    std::chrono::milliseconds longest = std::chrono::seconds(5));

// Whether the core with which a connection was made still lives and answers on others; asked where
// the connection has ended. Waits at most ten seconds.
[[nodiscard]] bool core_lives(const Endpoint& endpoint, const Connection& connection);

// Whether the core answers a request that is for no process, with whatever status. Waits at most
// ten seconds.
[[nodiscard]] bool core_answers(const Endpoint& endpoint);

// Which process serves the socket at that path; nothing where none does.
[[nodiscard]] std::optional<pid_t> serving_process(const std::filesystem::path& socket);

} // namespace gangway::command
