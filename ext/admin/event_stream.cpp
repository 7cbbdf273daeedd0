#include "admin/event_stream.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace gangway::admin {

namespace {

using std::chrono::milliseconds;

// Proxies and clients take a silent connection for a dead one.
constexpr std::chrono::seconds between_signs_of_life{15};

std::string print(const health::Event& event) {
    return "event: " + std::string(event.name) + "\ndata: " + event.data + "\n\n";
}

} // namespace

awaitable<bool> EventStream::run(const Access& access) {
    if (!co_await answering_.begin_stream("text/event-stream")) {
        co_return false;
    }
    health::Events::Listener listener(context_.events, executor_);
    listener_ = &listener;
    context_.monitor.wake();
    std::string text = ": listening\n\n";
    bool going_on = true;
    while (going_on) {
        going_on = co_await answering_.stream(text);
        text.clear();
        // Events that are not for this caller do not put it off.
        const auto sign_due = Timer::clock_type::now() + between_signs_of_life;
        while (going_on && text.empty()) {
            const auto left = sign_due - Timer::clock_type::now();
            const auto event = co_await listener.next(
                std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left)));
            if (listener.is_closed()) {
                going_on = false;
            } else if (event == nullptr) {
                text = ":\n\n";
            } else if (access.sees(event->group)) {
                if (const std::size_t lost = listener.take_lost()) {
                    text = "event: lost\ndata: {\"events\":" + std::to_string(lost) + "}\n\n";
                }
                text += print(*event);
            }
        }
    }
    listener_ = nullptr;
    co_return false;
}

void EventStream::interrupt() {
    if (listener_ != nullptr) {
        listener_->close();
    }
}

} // namespace gangway::admin
