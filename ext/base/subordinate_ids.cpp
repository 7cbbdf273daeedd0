#include "base/subordinate_ids.hpp"

#include <fstream>
#include <optional>
#include <string_view>

#include <sys/stat.h>

#include "text/number.hpp"

namespace gangway {

namespace {

// Of the first id and the count of a line "NAME:FIRST:COUNT".
std::optional<std::uint64_t> number(std::string_view text) {
    return parse_number<std::uint32_t>(text);
}

} // namespace

uid_t SubordinateIds::owner_of(uid_t uid, Clock::time_point now) {
    if (looked_at_ == Clock::time_point::min() || now - looked_at_ >= between_looks) {
        look(now);
    }
    for (const Range& range : ranges_) {
        if (uid >= range.first && uid < range.end) {
            return static_cast<uid_t>(range.first);
        }
    }
    return uid;
}

void SubordinateIds::look(Clock::time_point now) {
    looked_at_ = now;
    struct stat info {};
    if (::stat(file_.c_str(), &info) != 0) {
        ranges_.clear();
        changed_ = {};
    } else if (info.st_mtim.tv_sec != changed_.tv_sec || info.st_mtim.tv_nsec != changed_.tv_nsec) {
        read();
        changed_ = info.st_mtim;
    }
}

void SubordinateIds::read() {
    ranges_.clear();
    std::ifstream lines(file_);
    for (std::string line; std::getline(lines, line);) {
        const std::string_view text = line;
        const std::size_t second = text.rfind(':');
        const std::size_t first =
            second == std::string_view::npos || second == 0 ? second : text.rfind(':', second - 1);
        if (first == std::string_view::npos || first == second) {
            continue;
        }
        const auto begin = number(text.substr(first + 1, second - first - 1));
        const auto count = number(text.substr(second + 1));
        if (begin && count) {
            ranges_.push_back({*begin, *begin + *count});
        }
    }
}

} // namespace gangway
