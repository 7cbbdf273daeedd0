// Leaves the agent the file descriptors that its visitors need.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include <sys/types.h>

namespace gangway {

// The system gives the lowest free number to a new descriptor (open(2)). So one near the limit
// (RLIMIT_NOFILE) says that nearly all below are taken, at the cost of one look at the limit.
// What Gangway opens with such a number it closes at once.
class Descriptors {
  public:
    // Of whom there are more than one can trust: users that are neither root nor the agent's stop
    // earlier, so that they cannot lock those out.
    enum class For : std::uint8_t { trusted, others };
    using Clock = std::chrono::steady_clock;

    // any: an open descriptor, which stays the caller's and open. reserve: so many, but at most a
    // quarter of the limit, are never taken, and twice as many not for others.
    Descriptors(int any, unsigned reserve) : any_(any), reserve_(reserve) {}

    // For as long as it lives, so many count as taken: whoever waits for a process may open them at
    // any moment. Those that he has opened count twice.
    class Promise {
      public:
        Promise(const Descriptors& descriptors, unsigned count)
            : descriptors_(descriptors), count_(count) {
            descriptors_.promised_ += count_;
        }
        ~Promise() { descriptors_.promised_ -= count_; }
        Promise(const Promise&) = delete;
        Promise& operator=(const Promise&) = delete;

      private:
        const Descriptors& descriptors_;
        unsigned count_;
    };

    // Whether fd, just made, is one that Gangway leaves alone.
    bool is_reserved(int fd, For whom) const;
    // How many more can be had. Looks for the lowest free number: two system calls more.
    std::uint64_t left(For whom) const;
    // The same, of a few. Where plenty were left, that is good for a moment: it is asked for each
    // request, and a look is three system calls.
    bool can_have(unsigned more, For whom, Clock::time_point now = Clock::now()) const;

    static constexpr unsigned plenty = 1024;
    static constexpr unsigned few = plenty / 4;
    static constexpr std::chrono::milliseconds moment{10};

  private:
    std::uint64_t first_reserved(For whom) const;

    int any_;
    unsigned reserve_;
    mutable unsigned promised_ = 0;
    // Until when plenty are taken to be left, for each of whom.
    mutable std::array<Clock::time_point, 2> plenty_until_{};
};

} // namespace gangway
