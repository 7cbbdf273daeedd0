#include "gangway/base/small_file.hpp"

#include "gangway/base/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace gangway::command {

namespace {

using Content = boost::system::result<std::string>;

boost::system::error_code because(int error_number) {
    return {error_number, boost::system::generic_category()};
}

Content read_at(int directory, const char* path, Links links) {
    const int link_flag = links == Links::refuse ? O_NOFOLLOW : 0;
    const FileDescriptor file(
        ::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | link_flag));
    if (!file) {
        return because(errno);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return because(errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return because(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    }
    if (links == Links::refuse && status.st_nlink > 1) {
        return because(ELOOP);
    }
    std::string content;
    std::string piece(4096, '\0');
    while (true) {
        const ssize_t count = ::read(file.get(), piece.data(), piece.size());
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return because(errno);
        }
        if (count == 0) {
            return content;
        }
        content.append(piece, 0, static_cast<std::size_t>(count));
        if (content.size() > small_file_max_bytes) {
            return because(EFBIG);
        }
    }
}

} // namespace

Content read_small_file(const std::filesystem::path& path, Links links) {
    return read_at(AT_FDCWD, path.c_str(), links);
}

Content read_small_file_in(int directory, const char* name) {
    return read_at(directory, name, Links::refuse);
}

} // namespace gangway::command
