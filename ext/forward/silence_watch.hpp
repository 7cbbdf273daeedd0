// Notices that a process has been silent for too long.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "module/asio.hpp"

namespace gangway::forward {

// Calls on_expiry once when nothing was heard for the timeout. heard() costs a look at the clock;
// the timer is set anew only when it goes off. While paused (the client is the slow one, and has a
// timeout of its own) nothing expires. Used on the server's thread only.
class SilenceWatch {
  public:
    SilenceWatch(const net::any_io_executor& executor, std::chrono::milliseconds timeout,
                 std::function<void()> on_expiry);
    ~SilenceWatch();
    SilenceWatch(const SilenceWatch&) = delete;
    SilenceWatch& operator=(const SilenceWatch&) = delete;

    void heard();
    bool expired() const;

    class Pause {
      public:
        explicit Pause(SilenceWatch& watch);
        ~Pause();
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;

      private:
        SilenceWatch& watch_;
    };

  private:
    struct State;
    static void wait(const std::shared_ptr<State>& state);

    // Shared with the timer's handler, which may be queued already when the watch goes.
    std::shared_ptr<State> state_;
};

} // namespace gangway::forward
