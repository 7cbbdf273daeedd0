// Collects what the controllers note of visits, for whoever counts them.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>

#include "base/asio.hpp"
#include "base/log.hpp"
#include "pool/visits.hpp"
#include "visits/tally.hpp"

namespace gangway::visits {

// Visits are noted only while somebody counts them. On the server's thread only.
class Collector {
  public:
    static constexpr std::chrono::milliseconds between_looks{100};
    // Of those that are under way when a tally ends.
    static constexpr std::uint32_t most_open = 4'000;

    // log_of_visits, and log outlive it.
    Collector(const Executor& executor, pool::VisitLog& log_of_visits, const Log& log)
        : executor_(executor), visits_(log_of_visits), log_(log), timer_(executor) {}
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    // While it lives, a tally gets each visit that ends.
    class Counting {
      public:
        // Both outlive it.
        Counting(Collector& collector, Tally& tally);
        ~Counting();
        Counting(const Counting&) = delete;
        Counting& operator=(const Counting&) = delete;

        // Gives the tally what has ended until now, and what is under way; nothing afterwards.
        // Returns earlier where the server stops.
        awaitable<void> finish();

      private:
        friend class Collector;
        Collector& collector_;
        Tally* tally_;
        Timer finished_;
        bool is_finishing_ = false;
        bool is_last_look_ = false; // the one that runs
        std::list<Counting*>::iterator place_;
    };

    // Since when visits are noted, microseconds since the epoch: a request that asked for a process
    // earlier is in no tally. Where nobody counts: from now on, should somebody begin.
    std::uint64_t since_usec() const;

    // After an exception that may have ended what runs.
    void wake();

    // Nothing is counted any more.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::microseconds longest_turn{500};

    awaitable<void> run();
    awaitable<void> look();
    void add(const gangway_visit& visit, bool is_open);
    void lose_some();
    void end_all();

    Executor executor_;
    pool::VisitLog& visits_;
    const Log& log_;
    Timer timer_;
    std::list<Counting*> countings_;
    std::uint64_t since_usec_ = 0;
    bool running_ = false;
    bool stopped_ = false;
};

} // namespace gangway::visits
