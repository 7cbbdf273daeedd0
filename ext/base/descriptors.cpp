#include "base/descriptors.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace gangway {

std::uint64_t Descriptors::first_reserved(For whom) const {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    const std::uint64_t reserve = std::min<std::uint64_t>(reserve_, limit.rlim_cur / 4);
    return limit.rlim_cur - (whom == For::trusted ? reserve : 2 * reserve);
}

bool Descriptors::is_reserved(int fd, For whom) const {
    return static_cast<std::uint64_t>(fd) >= first_reserved(whom);
}

std::uint64_t Descriptors::left(For whom) const {
    const int lowest = ::fcntl(any_, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0) {
        return 0;
    }
    ::close(lowest);
    const std::uint64_t end = first_reserved(whom);
    return end - std::min(end, static_cast<std::uint64_t>(lowest) + promised_);
}

bool Descriptors::can_have(unsigned more, For whom, Clock::time_point now) const {
    Clock::time_point& plenty_until = plenty_until_.at(static_cast<std::size_t>(whom));
    if (more <= few && now < plenty_until) {
        return true;
    }
    const std::uint64_t left_now = left(whom);
    plenty_until = left_now >= plenty ? now + moment : now;
    return more <= left_now;
}

} // namespace gangway
