#include "module/deadline.hpp"

#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace gangway {

struct Deadline::State {
    State(const net::any_io_executor& executor, std::function<void()> function)
        : timer(executor), on_expiry(std::move(function)) {}

    net::steady_timer timer;
    std::function<void()> on_expiry;
    bool expired = false;
    bool over = false;
};

Deadline::Deadline(const net::any_io_executor& executor, std::chrono::milliseconds timeout,
                   std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, std::move(on_expiry))) {
    state_->timer.expires_after(timeout);
    state_->timer.async_wait([state = state_](error_code ec) {
        if (!ec && !state->over) {
            state->expired = true;
            state->on_expiry();
        }
    });
}

Deadline::~Deadline() {
    state_->over = true;
    state_->timer.cancel();
}

bool Deadline::expired() const {
    return state_->expired;
}

} // namespace gangway
