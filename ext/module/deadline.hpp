// A bound on how long one step may take.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "module/asio.hpp"

namespace gangway {

// Calls on_expiry once, unless it is gone before. Used on the server's thread only.
class Deadline {
  public:
    Deadline(const net::any_io_executor& executor, std::chrono::milliseconds timeout,
             std::function<void()> on_expiry);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    bool expired() const;

  private:
    struct State;
    // Shared with the timer's handler, which may be queued already when the deadline goes.
    std::shared_ptr<State> state_;
};

} // namespace gangway
