#include "endpoints/event_stream.hpp"

#include <chrono>
#include <string>

namespace gangway::endpoints {

namespace {

// Proxies and clients take a silent connection for a dead one.
constexpr std::chrono::seconds between_signs_of_life{15};

constexpr std::size_t most_bytes_at_once = 16 * 1024;

std::string print(const health::Event& event) {
    return "event: " + std::string(event.name) + "\ndata: " + event.data + "\n\n";
}

// With those that are there as well: to send each by itself would cost a system call for each, and
// wake up the client as often.
std::string print_waiting(health::Events::Listener& listener, const health::Event& first) {
    std::string text;
    if (const std::size_t lost = listener.take_lost()) {
        text = "event: lost\ndata: {\"events\":" + std::to_string(lost) + "}\n\n";
    }
    text += print(first);
    while (text.size() < most_bytes_at_once) {
        const auto event = listener.next_now();
        if (event == nullptr) {
            break;
        }
        text += print(*event);
    }
    return text;
}

} // namespace

// While one lives, interrupt() reaches its listener.
class EventStream::Running {
  public:
    Running(EventStream& owner, health::Events::Listener& listener) : owner_(owner) {
        owner_.listener_ = &listener;
    }
    ~Running() { owner_.listener_ = nullptr; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    EventStream& owner_;
};

awaitable<bool> EventStream::run(const admin::Access& access) {
    const bool begun = co_await answering_.begin_stream("text/event-stream");
    if (!begun || context_.draining) { // The drain may have begun while a slow client read.
        co_return false;
    }
    health::Events::Listener listener(
        context_.events, stream_.get_executor(),
        [&access](const health::Event& event) { return access.sees(event.group, event.gupid); });
    const Running running(*this, listener);
    context_.monitor.wake();
    std::string text = ": listening\n\n";
    bool going_on = true;
    while (going_on) {
        going_on = co_await answering_.stream(text);
        text.clear();
        if (!going_on) {
            break;
        }
        const auto event = co_await listener.next(between_signs_of_life);
        if (listener.is_closed()) {
            going_on = false;
        } else if (event == nullptr) {
            text = ":\n\n";
        } else {
            text = print_waiting(listener, *event);
        }
        while (going_on && !stream_.has_turn()) {
            co_await stream_.let_others_go();
        }
    }
    co_return false;
}

void EventStream::interrupt() {
    if (listener_ != nullptr) {
        listener_->close();
    }
}

} // namespace gangway::endpoints
