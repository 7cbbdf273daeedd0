// Checks many processes, several at a time, within one deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "forward/companion.hpp"
#include "health/check.hpp"
#include "health/probe.hpp"
#include "health/verdict.hpp"
#include "module/asio.hpp"
#include "module/lazy_timer.hpp"

namespace gangway::health {

// Whom a result is about.
struct Subject {
    std::int64_t pid;
    std::string gupid;
    std::string group;
};

struct Summary {
    unsigned healthy = 0;
    unsigned unhealthy = 0;
    unsigned busy = 0;
    unsigned skipped = 0;
    std::chrono::microseconds duration{};
    bool deadline_reached = false;

    unsigned total() const { return healthy + unhealthy + busy + skipped; }
    void count(Verdict verdict);
};

// On the server's thread. Whoever has called start() must co_await end() before it goes.
class Round {
  public:
    struct Finished {
        std::size_t index; // of the subject
        Result result;
    };

    Round(const Executor& executor, pool::Pool& pool, std::uint32_t max_header_bytes,
          const Check& check, std::vector<Subject> subjects);

    void start(unsigned lanes, std::chrono::milliseconds deadline);
    // The next result, as they come; nothing once there is one for every subject, or after cut().
    awaitable<std::optional<Finished>> next();
    // Nobody wants the rest.
    void cut();
    bool is_cut() const { return cut_; }
    // Waits for what still runs; that is interrupted.
    awaitable<void> end();

    const std::vector<Subject>& subjects() const { return subjects_; }
    // After the last result.
    const Summary& summary() const { return summary_; }

  private:
    struct Lane {
        Lane(const Executor& executor, pool::Pool& pool, std::uint32_t max_header_bytes)
            : probe(executor, pool, max_header_bytes), companion(executor) {}
        Probe probe;
        forward::Companion companion;
    };

    awaitable<void> run(Lane& lane);
    void on_deadline();
    void finish(std::size_t index, Result result);

    Executor executor_;
    pool::Pool& pool_;
    std::uint32_t max_header_bytes_;
    const Check& check_;
    std::vector<Subject> subjects_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::deque<Finished> finished_;
    Timer news_; // never expires; cancelled when there is a result
    LazyTimer deadline_;
    LazyTimer::Clock::time_point started_;
    Summary summary_;
    std::size_t next_subject_ = 0;
    std::size_t given_ = 0; // results
    bool cut_ = false;
};

} // namespace gangway::health
