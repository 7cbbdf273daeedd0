// Which of the things that are counted fail: so many are let be, then so many fail.
#pragma once

#include <atomic>
#include <limits>

namespace gangway::test {

// Of one kind, for all threads. Needs no memory.
class Countdown {
  public:
    void begin(unsigned before, unsigned failures) {
        failures_ = static_cast<long>(failures);
        left_ = static_cast<long>(before);
    }
    void end() { left_ = none; }
    [[nodiscard]] bool is_running() const { return left_.load(std::memory_order_relaxed) != none; }
    // Counts one; whether it fails.
    bool hits() {
        const long before = left_--;
        return before <= 0 && -before < failures_;
    }
    [[nodiscard]] bool has_hit() const { return left_ < 0; }

  private:
    static constexpr long none = std::numeric_limits<long>::max();

    std::atomic<long> left_{none}; // until they fail; then how many have failed, negative
    std::atomic<long> failures_{0};
};

} // namespace gangway::test
