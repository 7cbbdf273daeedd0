// Whose directories and sockets the command believes. Anybody may make a directory that looks like
// an instance of Passenger, in /tmp say, and wait for root to send a password there.
#pragma once

#include "gangway/base/file_descriptor.hpp"

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

namespace gangway::command {

// Root, the user who runs the command, and the one whom that user names as the core's
// (--core-user).
class TrustedUsers {
  public:
    // Of this process; empty: no further user. Throws Failure(usage) where there is no such user.
    static TrustedUsers of_command(const std::string& core_user);

    explicit TrustedUsers(std::vector<uid_t> uids) : uids_(std::move(uids)) {}
    [[nodiscard]] bool contains(uid_t uid) const;

  private:
    std::vector<uid_t> uids_;
};

// "www-data", or "uid 4711" where it has no name.
[[nodiscard]] std::string user_name(uid_t uid);

// Why a directory is not believed, or cannot be looked into.
struct Refusal {
    std::string reason; // the rest of a sentence that begins with the path
    int error = 0;      // errno, where the system has refused it
};

// What stands in the way of believing a directory: one of another user's, or one in which others
// may rename what is there. The sticky bit (/tmp) keeps them from that; what lies there is then
// believed by its own owner. Nothing: it is believed.
[[nodiscard]] std::optional<std::string> distrust(const struct stat& directory,
                                                  const TrustedUsers& trusted);

// Opens a directory (O_PATH) by the way from the root: each directory on it must be believed, each
// link belong to a trusted user. What is opened afterwards relative to the descriptor lies in what
// was looked at here, whatever becomes of the path.
[[nodiscard]] boost::system::result<FileDescriptor, Refusal>
open_trusted_directory(const std::filesystem::path& path, const TrustedUsers& trusted);

} // namespace gangway::command
