// Tells of each visitor's request that takes too long, once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/asio.hpp"
#include "base/log.hpp"
#include "health/events.hpp"
#include "pool/pool.hpp"
#include "requests/sampler.hpp"

namespace gangway::health {

// Looks at the requests once a second, or more seldom where that costs visitors too much. On the
// server's thread.
class SlowRequests {
  public:
    static constexpr std::chrono::milliseconds between_looks{1000};
    // So many are logged and told of a look; what is beyond is counted in a line. Who has many
    // connections cannot fill the log.
    static constexpr std::size_t most_told = 20;

    // limit: 0: nothing is looked at. All but executor outlive it.
    SlowRequests(const Executor& executor, std::chrono::milliseconds limit,
                 requests::Sampler& sampler, pool::Pool& pool, Events& events, const Log& log)
        : executor_(executor),
          limit_(limit),
          sampler_(sampler),
          pool_(pool),
          events_(events),
          log_(log),
          timer_(executor) {}

    // At the start, and after an exception.
    void wake();
    // Ends soon.
    void stop();
    // Pure: those of the sample that are to be told of now.
    std::vector<const gangway_request*> take_new(const requests::Sample& sample);

  private:
    struct Key {
        std::uint64_t began_at_usec;
        std::string client;
        std::string path;

        bool operator<(const Key& other) const {
            return std::tie(began_at_usec, client, path) <
                   std::tie(other.began_at_usec, other.client, other.path);
        }
    };

    awaitable<void> run();
    void tell(const requests::Sample& sample);
    void publish(const gangway_request& request, const pool::Snapshot& snapshot,
                 std::uint64_t now_usec);

    Executor executor_;
    std::chrono::milliseconds limit_;
    requests::Sampler& sampler_;
    pool::Pool& pool_;
    Events& events_;
    const Log& log_;
    Timer timer_;
    std::set<Key> told_; // those that go on
    bool running_ = false;
    bool stopped_ = false;
};

} // namespace gangway::health
