#include "base/lazy_timer.hpp"

#include <utility>

namespace gangway {

struct LazyTimer::State {
    State(const Executor& executor, std::function<void()> function)
        : timer(executor), on_expiry(std::move(function)) {}

    Timer timer;
    std::function<void()> on_expiry;
    Clock::time_point time = Clock::time_point::max(); // that is: none
    Clock::time_point goes_off = Clock::time_point::max();
    bool ended = false;
};

LazyTimer::LazyTimer(const Executor& executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}

LazyTimer::~LazyTimer() {
    state_->ended = true;
    state_->timer.cancel();
}

void LazyTimer::set(Clock::time_point time) {
    state_->time = time;
    if (time < state_->goes_off) {
        wait(state_);
    }
}

void LazyTimer::stop() {
    state_->time = Clock::time_point::max();
}

void LazyTimer::wait(const std::shared_ptr<State>& state) {
    state->goes_off = Clock::time_point::max();
    state->timer.expires_at(state->time); // Cancels a wait that runs.
    state->timer.async_wait([state](error_code ec) {
        if (ec || state->ended) {
            return;
        }
        state->goes_off = Clock::time_point::max();
        if (state->time == Clock::time_point::max()) {
            return;
        }
        if (Clock::now() < state->time) {
            try {
                wait(state);
                return;
            } catch (...) { // Out of memory: better early than never.
            }
        }
        state->time = Clock::time_point::max();
        state->on_expiry();
    });
    state->goes_off = state->time; // Only now: it may have thrown for want of memory.
}

} // namespace gangway
