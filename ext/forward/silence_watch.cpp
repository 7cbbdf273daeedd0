#include "forward/silence_watch.hpp"

#include <utility>

namespace gangway::forward {

using Clock = std::chrono::steady_clock;

struct SilenceWatch::State {
    State(const net::any_io_executor& executor, std::chrono::milliseconds bound,
          std::function<void()> function)
        : timer(executor), timeout(bound), on_expiry(std::move(function)) {}

    net::steady_timer timer;
    std::chrono::milliseconds timeout;
    std::function<void()> on_expiry;
    Clock::time_point last_heard = Clock::now();
    unsigned pauses = 0;
    bool expired = false;
    bool ended = false;
};

SilenceWatch::SilenceWatch(const net::any_io_executor& executor, std::chrono::milliseconds timeout,
                           std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, timeout, std::move(on_expiry))) {
    wait(state_);
}

SilenceWatch::~SilenceWatch() {
    state_->ended = true;
    state_->timer.cancel();
}

void SilenceWatch::wait(const std::shared_ptr<State>& state) {
    // While paused, last_heard lies in the past; then look again after a whole timeout.
    const auto from = state->pauses > 0 ? Clock::now() : state->last_heard;
    state->timer.expires_at(from + state->timeout);
    state->timer.async_wait([state](error_code ec) {
        if (ec || state->ended) {
            return;
        }
        if (state->pauses == 0 && Clock::now() - state->last_heard >= state->timeout) {
            state->expired = true;
            state->on_expiry();
        } else {
            wait(state);
        }
    });
}

void SilenceWatch::heard() {
    state_->last_heard = Clock::now();
}

bool SilenceWatch::expired() const {
    return state_->expired;
}

SilenceWatch::Pause::Pause(SilenceWatch& watch) : watch_(watch) {
    watch_.state_->pauses++;
}

SilenceWatch::Pause::~Pause() {
    watch_.state_->pauses--;
    watch_.heard();
}

} // namespace gangway::forward
