#include "base/process_stat.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/guard.hpp"

namespace gangway {

std::optional<ProcessStat> read_process_stat(std::int64_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    int fd = -1;
    do {
        fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    } while (fd == -1 && errno == EINTR);
    if (fd == -1) {
        return std::nullopt;
    }
    const Guard at_end([fd] { ::close(fd); });
    std::array<char, 1024> space{}; // A name has 64 bytes at most, and 49 numbers follow it.
    std::size_t size = 0;
    for (ssize_t more = 1; more > 0 || (more == -1 && errno == EINTR);) {
        more = ::read(fd, space.data() + size, space.size() - size);
        size += static_cast<std::size_t>(std::max<ssize_t>(more, 0));
    }
    const std::string_view stat(space.data(), size);
    const std::size_t name_end = stat.rfind(')'); // The name may hold anything.
    if (name_end == std::string_view::npos) {
        return std::nullopt;
    }
    // The fields from the third on: the state, and 18 others before the start time.
    std::istringstream fields{std::string(stat.substr(name_end + 1))};
    ProcessStat result{};
    fields >> result.state;
    std::string skipped;
    for (unsigned i = 0; i < 18; i++) {
        fields >> skipped;
    }
    fields >> result.start_time;
    return fields ? std::optional(result) : std::nullopt;
}

bool is_alive(std::int64_t pid) {
    const auto stat = read_process_stat(pid);
    return stat && !stat->has_ended();
}

std::string_view os_state_word(std::int64_t pid) {
    const auto stat = read_process_stat(pid);
    if (!stat) {
        return ::kill(static_cast<pid_t>(pid), 0) == -1 && errno == ESRCH ? "gone" : "";
    }
    switch (stat->state) {
    case 'R':
        return "running";
    case 'S':
    case 'I':
        return "sleeping";
    case 'D':
        return "disk";
    case 'T':
        return "stopped";
    case 't':
        return "traced";
    case 'Z':
        return "zombie";
    case 'X':
    case 'x':
        return "gone";
    default:
        return "";
    }
}

} // namespace gangway
