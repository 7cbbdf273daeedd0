// What other threads have to tell the server's thread.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace gangway {

// put() from any thread, which then rings a Doorbell; take_all() where that is heard.
template <typename Message>
class Inbox {
  public:
    void put(Message message) {
        const std::lock_guard guard(mutex_);
        messages_.push_back(std::move(message));
    }

    // In the order in which they came.
    std::vector<Message> take_all() {
        const std::lock_guard guard(mutex_);
        return std::exchange(messages_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<Message> messages_;
};

} // namespace gangway
