// Tells a caller who reaches some group from one who reaches none, and gets 401.
#pragma once

#include <chrono>
#include <optional>

#include "admin/authorization.hpp"
#include "pool/pool.hpp"

namespace gangway::admin {

// A password or a uid opens something only if some group has it, which only the pool knows. So that
// a flood of wrong guesses does not become a flood of snapshots, whose lock visitors pay for, a
// refusal may rest on a snapshot that is up to max_age old. Used on the server's thread only.
class Admission {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds max_age{100};

    explicit Admission(pool::Pool& pool) : pool_(pool) {}

    bool admits(const Access& access, Clock::time_point now = Clock::now());
    // The snapshot that the last admits() took, if it did: for who needs the pool for the same
    // request. It is taken once, and not when it is old: a body may have come in between.
    std::optional<pool::Snapshot> take_new(Clock::time_point now = Clock::now());

  private:
    pool::Pool& pool_;
    std::optional<pool::Snapshot> last_;
    Clock::time_point taken_at_;
    bool is_new_ = false;
};

} // namespace gangway::admin
