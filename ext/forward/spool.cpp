#include "forward/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace gangway::forward {

namespace {

error_code last_error() {
    return {errno, boost::system::system_category()};
}

// Not every file system knows O_TMPFILE.
int open_unnamed(const std::string& directory) {
    const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
        return fd;
    }
    std::string path = directory + "/gangway.XXXXXX";
    const int named = ::mkostemp(path.data(), O_CLOEXEC);
    if (named >= 0) {
        ::unlink(path.c_str());
    }
    return named;
}

} // namespace

Spool::~Spool() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

bool Spool::append(std::string_view bytes) {
    size_ += bytes.size();
    if (in_file_ == 0) {
        const std::size_t room = bytes_in_memory - memory_.size();
        const std::string_view first = bytes.substr(0, room);
        memory_ += first;
        bytes.remove_prefix(first.size());
    }
    return bytes.empty() || write_file(bytes);
}

bool Spool::open_file() {
    fd_ = open_unnamed(directory_);
    if (fd_ < 0) {
        error_ = last_error();
    } else if (descriptors_ != nullptr && descriptors_->is_reserved(fd_, whom_)) {
        ::close(fd_);
        fd_ = -1;
        error_ = error_code(EMFILE, boost::system::system_category());
    }
    return fd_ >= 0;
}

bool Spool::write_file(std::string_view bytes) {
    if (fd_ < 0 && !open_file()) {
        return false;
    }
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            error_ = last_error();
            return false;
        }
        const auto count = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
        in_file_ += count;
        bytes.remove_prefix(count);
    }
    return true;
}

bool Spool::shrink() {
    if (in_file_ <= bytes_given_back) {
        return false;
    }
    in_file_ -= bytes_given_back;
    return ::ftruncate(fd_, static_cast<off_t>(in_file_)) == 0;
}

std::string_view Spool::next() {
    if (!memory_given_) {
        memory_given_ = true;
        return memory_;
    }
    if (given_ == in_file_) {
        return {};
    }
    memory_.resize(bytes_in_memory);
    ssize_t count = 0;
    do {
        count = ::pread(fd_, memory_.data(), memory_.size(), static_cast<off_t>(given_));
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
        error_ = count < 0 ? last_error() : error_code(net::error::eof);
        return {};
    }
    given_ += static_cast<std::uint64_t>(count);
    return std::string_view(memory_).substr(0, static_cast<std::size_t>(count));
}

} // namespace gangway::forward
