#include "worker/exchange.hpp"

#include <algorithm>
#include <utility>

#include "worker/upstream.hpp"

namespace gangway::worker {

namespace {

Cut cut_of(Phase phase) {
    switch (phase) {
    case Phase::connecting:
        return Cut::connect_timeout;
    case Phase::answering:
        return Cut::first_byte_timeout;
    default:
        return Cut::idle_timeout;
    }
}

} // namespace

Exchange::Exchange(const Executor& executor, std::function<void()> interrupt_client)
    : interrupt_client_(std::move(interrupt_client)),
      pause_(executor),
      timer_(executor, [this] { on_timer(); }) {}

void Exchange::begin(const Bounds& bounds, Time now) {
    bounds_ = bounds;
    total_end_ = bounds.total ? now + *bounds.total : Time::max();
    phase_ = Phase::none;
    cut_ = Cut::none;
    request_sent_ = false;
    running_ = true;
    if (bounds.total) {
        timer_.set(total_end_);
    }
}

void Exchange::end() {
    running_ = false;
    timer_.stop();
}

void Exchange::enter(Phase phase, Time now) {
    phase_ = phase;
    heard(now);
}

void Exchange::heard(Time now) {
    last_heard_ = now;
    set_timer(now);
}

void Exchange::await_answer() {
    enter(request_sent_ ? Phase::answering : Phase::sending);
}

void Exchange::request_sent(Time now) {
    request_sent_ = true;
    if (phase_ == Phase::sending) {
        enter(Phase::answering, now);
    }
}

std::chrono::milliseconds Exchange::bound() const {
    switch (phase_) {
    case Phase::connecting:
        return bounds_.connect;
    case Phase::answering:
        return bounds_.first_byte;
    case Phase::tunnel:
        return bounds_.tunnel;
    case Phase::half_closed:
        return std::min(bounds_.tunnel, bounds_.idle);
    default:
        return bounds_.idle;
    }
}

void Exchange::set_timer(Time now) {
    if (!running_) {
        return;
    }
    const Time phase_end = phase_ == Phase::none ? Time::max() : now + bound();
    const Time end = std::min(total_end_, phase_end);
    if (end == Time::max()) {
        timer_.stop();
    } else {
        timer_.set(end);
    }
}

void Exchange::on_timer() {
    const Time now = LazyTimer::Clock::now();
    if (now >= total_end_) {
        cut(Cut::total_timeout);
    } else if (phase_ == Phase::none || client_turns_ > 0) {
        set_timer(now); // It is not the process that is slow: look again after a whole bound.
    } else if (now - last_heard_ >= bound()) {
        cut(cut_of(phase_));
    } else {
        set_timer(last_heard_);
    }
}

awaitable<bool> Exchange::pause(std::chrono::milliseconds duration) {
    if (!is_cut()) {
        pause_.expires_after(duration);
        co_await pause_.async_wait(as_result);
    }
    co_return !is_cut();
}

void Exchange::cut(Cut reason) {
    // A tunnel's client that ended both ways may have sent something before: that still goes on.
    const bool too_early = reason == Cut::client_gone && is_tunnel();
    if (!running_ || is_cut() || too_early) {
        return;
    }
    cut_ = reason;
    pause_.cancel();
    if (upstream_ != nullptr) {
        upstream_->cancel();
    }
    // A tunnel may wait for its client alone: once the process has ended its direction.
    if (reason == Cut::total_timeout || is_tunnel()) {
        interrupt_client_();
    }
}

} // namespace gangway::worker
