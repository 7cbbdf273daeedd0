#include "health/events.hpp"

#include <utility>

namespace gangway::health {

Events::Listener::Listener(Events& events, const Executor& executor,
                           std::function<bool(const Event& event)> wants)
    : events_(events), wants_(std::move(wants)), news_(executor) {
    events_.listeners_.push_back(this);
}

Events::Listener::~Listener() {
    events_.listeners_.remove(this);
}

awaitable<std::shared_ptr<const Event>> Events::Listener::next(std::chrono::milliseconds longest) {
    if (waiting_.empty() && !closed_) {
        news_.expires_after(longest);
        co_await news_.async_wait(as_result);
    }
    co_return next_now();
}

std::shared_ptr<const Event> Events::Listener::next_now() {
    if (waiting_.empty() || closed_) {
        return nullptr;
    }
    auto event = std::move(waiting_.front());
    waiting_.pop_front();
    return event;
}

std::size_t Events::Listener::take_lost() {
    return std::exchange(lost_, 0);
}

void Events::Listener::close() {
    closed_ = true;
    news_.cancel();
}

void Events::Listener::tell(const std::shared_ptr<const Event>& event) {
    if (!wants_(*event)) {
        return;
    }
    if (waiting_.size() == most_waiting) {
        waiting_.pop_front();
        lost_++;
    }
    waiting_.push_back(event);
    if (waiting_.size() == 1) { // Else it has been told, and has not come yet.
        news_.cancel();
    }
}

void Events::publish(Event event) {
    if (listeners_.empty()) {
        return;
    }
    const auto shared = std::make_shared<const Event>(std::move(event));
    for (Listener* listener : listeners_) {
        listener->tell(shared);
    }
}

} // namespace gangway::health
