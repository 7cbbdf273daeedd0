#include "unix_connection.hpp"

#include "exit_code.hpp"
#include "interrupt.hpp"
#include "printable.hpp"
#include "system_error_text.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace gangway::command {

namespace {

constexpr timeval connect_timeout{.tv_sec = 5, .tv_usec = 0};

Failure cannot_connect(const std::filesystem::path& socket, int error) {
    const std::string name = printable(socket.string());
    if (error == EACCES || error == EPERM) {
        return {ExitCode::unauthorized, "no permission to connect to " + name + " (try sudo)"};
    }
    if (error == EAGAIN) {
        return {ExitCode::unreachable, "the agent does not accept connections on " + name};
    }
    std::string message = "cannot connect to " + name + ": " + system_error_text(error);
    if (error == ECONNREFUSED) {
        message += " (no agent listens there any more)";
    }
    return {ExitCode::unreachable, message};
}

// Throws the errno of a failing connect() as a Failure about `named`.
FileDescriptor connect_by_short_path(const std::string& path, const std::filesystem::path& named) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!connection) {
        throw cannot_connect(named, errno);
    }
    ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &connect_timeout,
                 sizeof(connect_timeout));
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

} // namespace

FileDescriptor connect_to(const std::filesystem::path& socket) {
    const std::string path = socket.string();
    if (path.size() < sizeof(sockaddr_un::sun_path)) {
        return connect_by_short_path(path, socket);
    }
    const std::filesystem::path parent = socket.parent_path();
    const FileDescriptor directory(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
        throw cannot_connect(socket, errno);
    }
    const std::string short_path =
        "/proc/self/fd/" + std::to_string(directory.get()) + "/" + socket.filename().string();
    if (short_path.size() >= sizeof(sockaddr_un::sun_path)) {
        throw cannot_connect(socket, ENAMETOOLONG);
    }
    return connect_by_short_path(short_path, socket);
}

} // namespace gangway::command
