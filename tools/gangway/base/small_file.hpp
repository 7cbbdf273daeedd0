// Whole small files: properties, passwords, configuration. Never for bodies, which are streamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <boost/system/result.hpp>

namespace gangway::command {

constexpr std::size_t small_file_max_bytes = std::size_t{1} << 20U;

enum class Links {
    follow, // any path that the user named
    refuse, // neither symbolic nor hard links: for secrets in directories that others may have made
};

// The file's content, or the errno that stood in the way. Anything but a regular file is EINVAL
// (and is not waited for, as a FIFO would be), a longer one EFBIG, a refused link ELOOP.
[[nodiscard]] boost::system::result<std::string> read_small_file(const std::filesystem::path& path,
                                                                 Links links = Links::follow);

// The same of a file that lies in a directory (a descriptor); refuses links.
[[nodiscard]] boost::system::result<std::string> read_small_file_in(int directory,
                                                                    const char* name);

} // namespace gangway::command
