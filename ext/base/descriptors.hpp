// Leaves the agent the file descriptors that its visitors need.
#pragma once

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
    bool can_have(unsigned more, For whom) const { return more <= left(whom); }

  private:
    std::uint64_t first_reserved(For whom) const;

    int any_;
    unsigned reserve_;
    mutable unsigned promised_ = 0;
};

} // namespace gangway
