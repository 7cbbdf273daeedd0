// A bound on how long something may take, which costs next to nothing while it is kept.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/asio.hpp"

namespace gangway {

// Calls on_expiry when the time that was set has come. Setting a later time, or stopping, touches
// no timer of the system: that is done only when it goes off and finds that it is not yet time. One
// object serves many bounds, one after the other. Used on the server's thread only.
class LazyTimer {
  public:
    using Clock = std::chrono::steady_clock;

    LazyTimer(const Executor& executor, std::function<void()> on_expiry);
    ~LazyTimer();
    LazyTimer(const LazyTimer&) = delete;
    LazyTimer& operator=(const LazyTimer&) = delete;

    // Replaces the time that was set before.
    void set(Clock::time_point time);
    void set_after(std::chrono::milliseconds duration) { set(Clock::now() + duration); }
    void stop();

  private:
    struct State;
    static void wait(const std::shared_ptr<State>& state);

    // Shared with the timer's handler, which may be queued already when this goes.
    std::shared_ptr<State> state_;
};

} // namespace gangway
