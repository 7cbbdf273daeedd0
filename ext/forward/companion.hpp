// A second coroutine beside the one that started it.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "module/asio.hpp"

namespace gangway::forward {

// On the same thread. Whoever starts it must co_await ended() before anything that it uses goes.
class Companion {
  public:
    explicit Companion(const net::any_io_executor& executor)
        : executor_(executor), end_(executor, net::steady_timer::time_point::max()) {}
    Companion(const Companion&) = delete;
    Companion& operator=(const Companion&) = delete;

    // work may throw nothing.
    void start(net::awaitable<void> work);
    bool is_running() const { return running_; }
    net::awaitable<void> ended();

  private:
    net::awaitable<void> run(net::awaitable<void> work);

    net::any_io_executor executor_;
    net::steady_timer end_; // never expires; cancelled at the end
    bool running_ = false;
};

} // namespace gangway::forward
