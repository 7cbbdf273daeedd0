// Asks Passenger's controllers for their visitors' requests, for everybody who wants to know.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/asio.hpp"
#include "pool/controllers.hpp"
#include "requests/sample.hpp"

namespace gangway::requests {

// While a controller answers it serves nobody, the longer the more clients it has. Therefore all
// who ask at about the same time get the same sample, and the next one waits until the last has
// cost a controller no more than a hundredth of its time. On the server's thread, but for put().
class Sampler {
  public:
    using Clock = std::chrono::steady_clock;

    // A controller answers within a millisecond where its thread is not stuck.
    static constexpr std::chrono::milliseconds longest_wait{100};
    static constexpr unsigned share_of_time = 100;
    static constexpr std::chrono::seconds longest_pause{1};
    static constexpr std::chrono::milliseconds shortest_pause{
        10}; // What else it costs, is not told.
    static constexpr unsigned most_at_processes =
        2000; // of all controllers together, in equal parts
    static constexpr unsigned most_others = 400;
    static constexpr unsigned most_clients = 20'000; // of each: some milliseconds

    // controllers outlive it.
    Sampler(const Executor& executor, pool::Controllers& controllers);
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    // One that was taken after this was called, which takes longest_pause and two times
    // longest_wait at most. Null: the server stops, or has no memory for it.
    awaitable<std::shared_ptr<const Sample>> take();

    // A controller's answer, on its thread: visitors wait. Allocates nothing.
    void put(pool::Requests answer) noexcept;
    // There may be answers.
    void read();
    // Whoever waits gets nothing, as whoever comes.
    void stop();

  private:
    // One that is to be taken, or is being taken. Those who want it wait for its timer.
    struct Round {
        explicit Round(const Executor& executor) : over(executor, Clock::time_point::max()) {}
        void end() {
            is_over = true;
            over.cancel();
        }
        Timer over;
        bool is_over = false;
        std::vector<pool::Requests> answers{};
        std::vector<std::uint32_t> not_asked{}; // controllers that will not answer
        std::shared_ptr<const Sample> sample{};
    };

    // Calls what, unless round has become another one.
    void at(Clock::time_point time, const std::shared_ptr<Round>& round, void (Sampler::*what)());
    void begin_when_allowed();
    void begin();
    void ask(std::uint32_t controller, const gangway_requests_wanted& wanted);
    void finish();
    // Whoever waits gets nothing.
    void abandon();
    bool all_have_answered() const;

    Executor executor_;
    pool::Controllers& controllers_;
    std::shared_ptr<Round> running_;
    std::shared_ptr<Round> next_;
    Timer timer_; // when running_ is to end; where there is none, when next_ may begin
    Clock::time_point earliest_{}; // when the next one may begin
    // Of each controller: since when it has been asked, microseconds since the epoch.
    std::vector<std::optional<std::uint64_t>> asked_;
    bool stopped_ = false;

    std::mutex mutex_;
    // Both have room for one of each controller.
    std::vector<pool::Requests> arrived_;
    std::vector<pool::Requests> taken_; // from arrived_; empty but for a moment
};

} // namespace gangway::requests
