// User ids that a user may take besides his own.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace gangway {

// /etc/subuid (subuid(5)) gives users ranges of ids, often 65,536 to each, which they may take in
// namespaces of their own (newuidmap(1), user_namespaces(7)), and the kernel then names to others.
// So that nobody has the shares of thousands, all ids of a range count for one. Used on the
// server's thread only.
class SubordinateIds {
  public:
    using Clock = std::chrono::steady_clock;

    // file: read when it is first needed, and again when it has changed, which is looked for after
    // between_looks at the earliest. Without it there are no ranges.
    explicit SubordinateIds(std::string file = "/etc/subuid") : file_(std::move(file)) {}

    // The first id of the range that uid is in; uid itself where it is in none.
    uid_t owner_of(uid_t uid, Clock::time_point now = Clock::now());

    static constexpr std::chrono::seconds between_looks{1};

  private:
    struct Range {
        std::uint64_t first;
        std::uint64_t end; // behind the last
    };
    void look(Clock::time_point now);
    void read();

    std::string file_;
    std::vector<Range> ranges_;
    Clock::time_point looked_at_ = Clock::time_point::min();
    std::timespec changed_{}; // when the file that was read was; zero: none was
};

} // namespace gangway
