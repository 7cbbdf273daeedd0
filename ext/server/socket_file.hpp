// The file of the admin socket: created safely, removed at the end.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "text/fault.hpp"

namespace gangway::server {

struct SocketOptions {
    std::string path; // absolute
    mode_t mode;
    std::optional<uid_t> owner;
    std::optional<gid_t> group;
};

// A listening Unix stream socket at a path. Removes the file when it goes, unless another took its
// place.
class SocketFile {
  public:
    // A stale socket (nobody accepts on it) is replaced; a live one, or a file that is no socket,
    // is not touched. The file never has more permissions than asked for. Non-blocking,
    // close-on-exec. On failure: one line that names the path and says what to do.
    static OrFault<SocketFile> create(const SocketOptions& options);

    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&&) = delete;
    SocketFile(const SocketFile&) = delete;
    ~SocketFile();

    int fd() const { return fd_; }
    // Makes the path free for another agent; who has connected already is still accepted.
    void remove();

  private:
    SocketFile(int fd, std::string path);

    int fd_;
    std::string path_;
    dev_t device_ = 0; // with the inode: whether it is still our file
    ino_t inode_ = 0;
};

} // namespace gangway::server
