#include "server/socket_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/guard.hpp"
#include "config/config.hpp"

namespace gangway::server {

namespace {

constexpr int backlog = SOMAXCONN; // The system bounds it further (net.core.somaxconn).

std::string failure(const std::string& path, const char* what) {
    return "socket_path " + path + ": " + what + ": " + std::generic_category().message(errno);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path[0], path.data(), path.size());
    return address;
}

int call(int (*function)(int, const sockaddr*, socklen_t), int fd, const sockaddr_un& address) {
    return function(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

// Whether somebody listens there: only then can a connection be made, or the queue be full.
bool is_live(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return true; // To be safe.
    }
    const Guard at_end([fd] { ::close(fd); });
    return call(::connect, fd, address_of(path)) == 0 || (errno != ECONNREFUSED && errno != ENOENT);
}

// Whoever may rename what is in a directory could put another socket in the place of ours, between
// two steps here or later. The sticky bit keeps all but the directory's owner from that.
std::optional<std::string> check_directory(const std::string& path) {
    const std::string directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    struct stat info {};
    if (::stat(directory.c_str(), &info) != 0) {
        return failure(path, "cannot inspect its directory");
    }
    if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
        return "socket_path " + path + ": its directory belongs to user " +
               std::to_string(info.st_uid) + ", neither root nor the agent's; set another path";
    }
    if ((info.st_mode & S_ISVTX) != 0) {
        return std::nullopt;
    }
    if ((info.st_mode & S_IWOTH) != 0) {
        return "socket_path " + path + ": everybody may write to its directory; chmod o-w it, or " +
               "set another path";
    }
    const bool foreign_group = info.st_gid != 0 && info.st_gid != ::getegid();
    if (foreign_group && (info.st_mode & S_IWGRP) != 0) {
        return "socket_path " + path + ": group " + std::to_string(info.st_gid) +
               " may write to its directory; chmod g-w it, or set another path";
    }
    return std::nullopt;
}

// Nothing when the path is free now.
std::optional<std::string> make_room(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return errno == ENOENT ? std::nullopt : std::optional(failure(path, "cannot inspect it"));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return "socket_path " + path +
               " exists and is not a socket; remove it, or set another path";
    }
    if (is_live(path)) {
        return "socket_path " + path +
               " is in use: another process listens on it; stop that one, or set another path";
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return failure(path, "cannot remove the stale socket");
    }
    return std::nullopt;
}

// Through a descriptor of the socket itself, so that a link put in its place is not followed.
std::optional<std::string> set_access(const SocketOptions& options) {
    const int fd = ::open(options.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    const Guard at_end([fd] { ::close(fd); });
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0 || !S_ISSOCK(info.st_mode)) {
        return failure(options.path, "cannot open it");
    }
    if ((options.owner || options.group) &&
        ::fchownat(fd, "", options.owner.value_or(static_cast<uid_t>(-1)),
                   options.group.value_or(static_cast<gid_t>(-1)), AT_EMPTY_PATH) != 0) {
        return failure(options.path, "cannot set socket_owner and socket_group");
    }
    if (::chmod(("/proc/self/fd/" + std::to_string(fd)).c_str(), options.mode) != 0) {
        return failure(options.path, "cannot set socket_mode");
    }
    return std::nullopt;
}

std::optional<std::string> bind_and_listen(int fd, const SocketOptions& options) {
    // On Linux the file is created with the mode of the unbound socket, so that nobody can connect
    // before the owner and the mode are as they shall be.
    if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0 || call(::bind, fd, address_of(options.path)) != 0) {
        return failure(options.path, "cannot bind");
    }
    if (auto problem = set_access(options)) {
        return problem;
    }
    if (::listen(fd, backlog) != 0) {
        return failure(options.path, "cannot listen");
    }
    return std::nullopt;
}

} // namespace

OrFault<SocketFile> SocketFile::create(const SocketOptions& options) {
    if (options.path.size() > config::max_socket_path_bytes) {
        return Fault{"socket_path " + options.path + " is " + std::to_string(options.path.size()) +
                     " bytes long; at most " + std::to_string(config::max_socket_path_bytes) +
                     " are possible (sun_path, unix(7)); set a shorter one"};
    }
    if (auto problem = check_directory(options.path)) {
        return Fault{std::move(*problem)};
    }
    if (auto problem = make_room(options.path)) {
        return Fault{std::move(*problem)};
    }
    std::string path = options.path; // First: where this throws, nothing is left open.
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return Fault{failure(options.path, "cannot create a socket")};
    }
    SocketFile file(fd, std::move(path));
    struct stat info {};
    auto problem = bind_and_listen(fd, options);
    if (!problem && ::lstat(options.path.c_str(), &info) != 0) { // Else remove() would leave it.
        problem = failure(options.path, "cannot inspect it");
    }
    if (problem) {
        // Only what bind() made, never what stood in its way.
        ::close(std::exchange(file.fd_, -1)); // Else it would be live.
        if (::lstat(options.path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode) &&
            !is_live(options.path)) {
            ::unlink(options.path.c_str());
        }
        return Fault{std::move(*problem)};
    }
    file.device_ = info.st_dev;
    file.inode_ = info.st_ino;
    return file;
}

SocketFile::SocketFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      device_(other.device_),
      inode_(std::exchange(other.inode_, 0)) {}

SocketFile::~SocketFile() {
    remove();
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void SocketFile::remove() {
    struct stat info {};
    if (inode_ != 0 && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
        info.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
    inode_ = 0;
}

} // namespace gangway::server
