#include "endpoints/events.hpp"

#include <chrono>
#include <string>

#include "admin/call.hpp"
#include "health/events.hpp"

namespace gangway::endpoints {

namespace {

constexpr std::string_view stream_type = "text/event-stream";

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

// Until the client goes, or its connection ends it: false, it takes no other request.
awaitable<bool> stream_events(admin::Call& call) {
    const bool begun = co_await call.answering.begin_stream(stream_type);
    if (!begun || call.context.draining) { // The drain may have begun while a slow client read.
        co_return false;
    }
    const admin::Access& access = call.access;
    health::Events::Listener listener(
        call.context.events, call.stream.get_executor(),
        [&access](const health::Event& event) { return access.sees(event.group, event.gupid); });
    const admin::Running::Guard running(call.running, true, [&listener] { listener.close(); });
    call.context.monitor.wake();
    std::string text = ": listening\n\n";
    bool going_on = true;
    while (going_on) {
        going_on = co_await call.answering.stream(text);
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
        while (going_on && !call.stream.has_turn()) {
            co_await call.stream.let_others_go();
        }
    }
    co_return false;
}

awaitable<bool> answer_events(admin::Call& call) {
    if (call.head.is_method("HEAD")) {
        const admin::Answer answer{200, stream_type};
        co_return co_await call.answering.send(answer);
    }
    // What happens is told to each stream by itself.
    Shares::Share share(call.context.event_streams, call.user);
    if (call.is_counted() && !share.grow(1)) {
        const Problem problem{Code::too_many_requests,
                              "This user has " + std::to_string(admin::most_event_streams_of_user) +
                                  " event streams already; close one first."};
        co_return co_await call.answering.send(problem);
    }
    co_return co_await stream_events(call);
}

} // namespace

constinit const admin::Endpoint listen_to_events{
    .method = admin::Method::get,
    .path = "/v1/events",
    .help = "What happens to processes, as server-sent events",
    .answer = answer_events};

} // namespace gangway::endpoints
