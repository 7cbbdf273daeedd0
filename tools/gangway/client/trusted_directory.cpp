#include "gangway/client/trusted_directory.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/system_error_text.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <system_error>
#include <utility>

namespace gangway::command {

namespace fs = std::filesystem;

namespace {

constexpr unsigned most_links = 40; // as the kernel has it

std::string sentence(const fs::path& path, const std::string& rest) {
    return printable(path.string()) + " " + rest;
}

// From the root to a directory, one step at a time.
class Walk {
  public:
    Walk(const fs::path& path, const TrustedUsers& trusted) : trusted_(trusted) {
        push_front(path);
    }

    boost::system::result<FileDescriptor, Refusal> go() {
        if (!start_at_root()) {
            return system_refusal("/");
        }
        while (!left_.empty()) {
            const std::string name = std::move(left_.front());
            left_.pop_front();
            if (auto refusal = step(name)) {
                return std::move(*refusal);
            }
        }
        return std::move(here_);
    }

  private:
    void push_front(const fs::path& path) {
        std::vector<std::string> names;
        for (const fs::path& part : path) {
            if (!part.empty() && part != "/" && part != ".") {
                names.push_back(part.string());
            }
        }
        left_.insert(left_.begin(), names.begin(), names.end());
    }

    bool start_at_root() {
        here_ = FileDescriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        path_ = "/";
        return static_cast<bool>(here_);
    }

    static Refusal system_refusal(const fs::path& path) {
        const int error = errno;
        return {sentence(path, error == EACCES ? "may not be looked into by you (try sudo)"
                                               : "cannot be opened: " + system_error_text(error)),
                error};
    }

    std::optional<Refusal> step(const std::string& name) {
        const fs::path path = path_ / name;
        FileDescriptor next(::openat(here_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat info {};
        if (!next || ::fstat(next.get(), &info) != 0) {
            return system_refusal(path);
        }
        if (S_ISLNK(info.st_mode)) {
            return follow(next, info, path);
        }
        if (!S_ISDIR(info.st_mode)) {
            return Refusal{sentence(path, "is no directory"), ENOTDIR};
        }
        if (const auto why = distrust(info, trusted_)) {
            return Refusal{sentence(path, *why), 0};
        }
        here_ = std::move(next);
        path_ = path;
        return std::nullopt;
    }

    std::optional<Refusal> follow(const FileDescriptor& link, const struct stat& info,
                                  const fs::path& path) {
        if (!trusted_.contains(info.st_uid)) {
            return Refusal{sentence(path, "is a link of " + user_name(info.st_uid)), 0};
        }
        std::array<char, PATH_MAX> target{};
        const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
        if (size < 0 || ++links_ > most_links) {
            errno = size < 0 ? errno : ELOOP;
            return system_refusal(path);
        }
        const fs::path to(std::string(target.data(), static_cast<std::size_t>(size)));
        if (to.is_absolute() && !start_at_root()) {
            return system_refusal("/");
        }
        push_front(to);
        return std::nullopt;
    }

    const TrustedUsers& trusted_;
    std::deque<std::string> left_;
    FileDescriptor here_;
    fs::path path_; // of here_, for messages
    unsigned links_ = 0;
};

} // namespace

TrustedUsers TrustedUsers::of_command(const std::string& core_user) {
    std::vector<uid_t> uids{0, ::geteuid()};
    if (!core_user.empty()) {
        // The command has one thread.
        const passwd* account = ::getpwnam(core_user.c_str()); // NOLINT(concurrency-mt-unsafe)
        if (account == nullptr) {
            throw Failure(ExitCode::usage,
                          "--core-user: there is no user '" + printable(core_user) + "'");
        }
        uids.push_back(account->pw_uid);
    }
    return TrustedUsers(std::move(uids));
}

bool TrustedUsers::contains(uid_t uid) const {
    return std::find(uids_.begin(), uids_.end(), uid) != uids_.end();
}

std::string user_name(uid_t uid) {
    const passwd* account = ::getpwuid(uid); // NOLINT(concurrency-mt-unsafe): it has one thread
    return account == nullptr ? "uid " + std::to_string(uid) : printable(account->pw_name);
}

std::optional<std::string> distrust(const struct stat& directory, const TrustedUsers& trusted) {
    if (!trusted.contains(directory.st_uid)) {
        const std::string owner = user_name(directory.st_uid);
        return "belongs to " + owner + ", who is neither root nor you; if Passenger runs as " +
               owner + ", say --core-user " + owner;
    }
    const bool others_write = (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (others_write && (directory.st_mode & S_ISVTX) == 0) {
        return "may be written to by others than its owner (chmod go-w)";
    }
    return std::nullopt;
}

boost::system::result<FileDescriptor, Refusal> open_trusted_directory(const fs::path& path,
                                                                      const TrustedUsers& trusted) {
    std::error_code error;
    const fs::path whole = fs::absolute(path, error);
    if (error) {
        return Refusal{sentence(path, "cannot be opened: " + error.message()), error.value()};
    }
    return Walk(whole, trusted).go();
}

} // namespace gangway::command
