#include "gangway/client/unix_connection.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/interrupt.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/system_error_text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace gangway::command {

namespace {

Failure cannot_connect(const std::filesystem::path& socket, int error) {
    const std::string name = printable(socket.string());
    if (error == EACCES || error == EPERM) {
        return {ExitCode::unauthorized, "no permission to connect to " + name + " (try sudo)"};
    }
    if (error == EAGAIN) {
        return {ExitCode::unreachable, "the agent does not accept connections on " + name};
    }
    std::error_code ignored;
    const std::filesystem::file_status found = std::filesystem::status(socket, ignored);
    if (std::filesystem::is_directory(found)) {
        return {ExitCode::unreachable,
                name + " is a directory; the socket is agents.s/gangway in an instance's"};
    }
    if (std::filesystem::exists(found) && !std::filesystem::is_socket(found)) {
        return {ExitCode::unreachable, name + " is no socket"};
    }
    std::string message = "cannot connect to " + name + ": " + system_error_text(error);
    if (error == ECONNREFUSED) {
        message += " (no agent listens there any more)";
    }
    return {ExitCode::unreachable, message};
}

// Throws the errno of a failing connect() as a Failure about `named`.
FileDescriptor connect_by_short_path(const std::string& path, const std::filesystem::path& named,
                                     std::chrono::milliseconds longest) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!connection) {
        throw cannot_connect(named, errno);
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
    const timeval timeout{.tv_sec = seconds.count(),
                          .tv_usec = std::chrono::microseconds(longest - seconds).count()};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    const void* generic_address = &address;
    if (::connect(connection.get(), static_cast<const sockaddr*>(generic_address),
                  sizeof(address)) != 0) {
        if (errno == EINTR) {
            check_interrupt();
        }
        throw cannot_connect(named, errno);
    }
    return connection;
}

FileDescriptor connect_in(int directory, const std::string& name,
                          const std::filesystem::path& named, std::chrono::milliseconds longest) {
    const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + name;
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        throw cannot_connect(named, ENAMETOOLONG);
    }
    return connect_by_short_path(path, named, longest);
}

FileDescriptor connect_by_path(const std::filesystem::path& socket,
                               std::chrono::milliseconds longest) {
    const std::string path = socket.string();
    if (path.size() < sizeof(sockaddr_un::sun_path)) {
        return connect_by_short_path(path, socket, longest);
    }
    const std::filesystem::path parent = socket.parent_path();
    const FileDescriptor directory(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
        throw cannot_connect(socket, errno);
    }
    return connect_in(directory.get(), socket.filename().string(), socket, longest);
}

FileDescriptor connect_in_instance(const Endpoint& endpoint, std::chrono::milliseconds longest) {
    const FileDescriptor sockets(::openat(endpoint.instance_directory->get(), "agents.s",
                                          O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!sockets || ::fstat(sockets.get(), &info) != 0) {
        throw cannot_connect(endpoint.socket, errno);
    }
    if (const auto why = distrust(info, endpoint.trusted)) {
        throw Failure(ExitCode::unreachable,
                      printable(endpoint.socket.parent_path().string()) + " " + *why);
    }
    return connect_in(sockets.get(), "gangway", endpoint.socket, longest);
}

// Of the process that called listen() (unix(7)).
std::optional<ucred> peer_of(const FileDescriptor& connection) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return std::nullopt;
    }
    return peer;
}

constexpr std::chrono::milliseconds longest_look{5000}; // for connecting, and for the answer

// Whether anything comes back for a request that is for no process; a refusal that was sent before
// it, too.
bool answers(const Connection& connection) {
    constexpr std::string_view request = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const int fd = connection.descriptor.get();
    ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
    char first = 0;
    if (::poll(&polled, 1, static_cast<int>(longest_look.count())) < 0) {
        check_interrupt();
    }
    return ::recv(fd, &first, 1, MSG_DONTWAIT) > 0;
}

bool has_ended(const FileDescriptor& process) { // of pidfd_open(); false where there is none
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    return process && ::poll(&ended, 1, 0) != 0;
}

} // namespace

Connection connect_to(const Endpoint& endpoint, std::chrono::milliseconds longest) {
    FileDescriptor connection = endpoint.is_in_instance_directory
                                    ? connect_in_instance(endpoint, longest)
                                    : connect_by_path(endpoint.socket, longest);
    const auto peer = peer_of(connection);
    if (!peer) {
        throw cannot_connect(endpoint.socket, errno);
    }
    if (!endpoint.trusted.contains(peer->uid)) {
        const std::string user = user_name(peer->uid);
        throw Failure(ExitCode::unreachable,
                      printable(endpoint.socket.string()) + " is served by " + user +
                          ", who is neither root nor you; nothing was sent. If Passenger's core "
                          "runs as that user, say --core-user " +
                          user);
    }
    if (endpoint.core && peer->pid != endpoint.core->pid) {
        throw Failure(ExitCode::unreachable,
                      "instance " + endpoint.core->instance +
                          " runs without Gangway, or its module did not start: " +
                          printable(endpoint.socket.string()) + " is served by process " +
                          std::to_string(peer->pid) + ", not by its core (process " +
                          std::to_string(endpoint.core->pid) + "); nothing was sent");
    }
    FileDescriptor core(static_cast<int>(::syscall(SYS_pidfd_open, peer->pid, 0)));
    return {std::move(connection), peer->pid, std::move(core)};
}

bool core_lives(const Endpoint& endpoint, const Connection& connection) {
    try {
        // One that ends closes its sockets one after the other, and is readable as ended only
        // afterwards: the one that accepts connections may take this one and never answer.
        const Connection again = connect_to(endpoint, longest_look);
        return again.core_pid == connection.core_pid && !has_ended(connection.core) &&
               answers(again);
    } catch (const Failure& failure) {
        if (failure.code() == ExitCode::interrupted) {
            throw;
        }
        return false;
    }
}

bool core_answers(const Endpoint& endpoint) {
    try {
        return answers(connect_to(endpoint, longest_look));
    } catch (const Failure& failure) {
        if (failure.code() == ExitCode::interrupted) {
            throw;
        }
        return false;
    }
}

std::optional<pid_t> serving_process(const std::filesystem::path& socket) {
    try {
        const auto peer = peer_of(connect_by_path(socket, std::chrono::seconds(1)));
        return peer ? std::optional(peer->pid) : std::nullopt;
    } catch (const Failure&) {
        return std::nullopt;
    }
}

} // namespace gangway::command
