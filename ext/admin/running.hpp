// What an endpoint has going on for longer, so that its connection can end it.
#pragma once

#include <functional>
#include <utility>

namespace gangway::admin {

// Of one connection: one thing at most. On the server's thread.
class Running {
  public:
    // While one lives, end is called when it has to end soon.
    class Guard {
      public:
        // for_ever: it does not end by itself, and has to when the agent exits.
        Guard(Running& running, bool for_ever, std::function<void()> end) : running_(running) {
            running_.end_ = std::move(end);
            running_.for_ever_ = for_ever;
        }
        ~Guard() { running_.end_ = nullptr; }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

      private:
        Running& running_;
    };

    // The agent exits, and waits for requests to be answered.
    void drain() {
        if (for_ever_) {
            interrupt();
        }
    }
    // The client has gone, or the agent cannot wait.
    void interrupt() {
        if (end_) {
            end_();
        }
    }

  private:
    std::function<void()> end_;
    bool for_ever_ = false;
};

} // namespace gangway::admin
