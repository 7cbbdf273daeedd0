// Which refusals of nobody (as=none) get a line in the access log. Anybody may connect and be
// refused as fast as the machine can; that must not fill the disk of the site.
//
// Each user has a token bucket. What it leaves out is counted, and told in one line by and by.
//
// Pure. Used on the server's thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace gangway::admin {

class RefusalLines {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // Lines that a user gets at once, and then one a second.
    static constexpr unsigned burst = 20;
    // Users that are told apart; all others share one bucket.
    static constexpr std::size_t most_users = 64;
    // How long is counted before it is told.
    static constexpr std::chrono::seconds count_for{10};

    struct LeftOut {
        std::optional<uid_t> uid; // nothing: users that are not told apart
        std::uint64_t lines;
    };

    // Whether the refusal of that user gets a line now; else it is counted.
    bool admits(std::optional<uid_t> uid, Time now);
    // A count that is due to be told, once; ask until there is none.
    std::optional<LeftOut> take_due(Time now);

  private:
    struct Bucket {
        std::optional<uid_t> uid;
        double tokens = burst;
        Time filled; // when tokens was right
        std::uint64_t left_out = 0;
        Time due{}; // when left_out is to be told, if it is not 0
    };
    Bucket& find(std::optional<uid_t> uid, Time now);

    std::vector<Bucket> buckets_;
    Time next_due_ = Time::max();
};

} // namespace gangway::admin
