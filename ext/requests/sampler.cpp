#include "requests/sampler.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/wall_clock.hpp"

namespace gangway::requests {

Sampler::Sampler(const Executor& executor, pool::Controllers& controllers)
    : executor_(executor), controllers_(controllers), timer_(executor) {}

awaitable<std::shared_ptr<const Sample>> Sampler::take() {
    if (stopped_) {
        co_return nullptr;
    }
    auto round = next_;
    if (round == nullptr) {
        round = next_ = std::make_shared<Round>(executor_);
        if (running_ == nullptr) {
            begin_when_allowed();
        }
    }
    if (!round->is_over) {
        co_await round->over.async_wait(as_result);
    }
    co_return round->sample;
}

void Sampler::at(Clock::time_point time, const std::shared_ptr<Round>& round,
                 void (Sampler::*what)()) {
    timer_.expires_at(time);
    timer_.async_wait([this, what, round](error_code ec) {
        if (!ec && round == (running_ != nullptr ? running_ : next_)) {
            (this->*what)();
        }
    });
}

void Sampler::begin_when_allowed() {
    try {
        if (Clock::now() < earliest_) {
            at(earliest_, next_, &Sampler::begin_when_allowed);
        } else {
            begin();
        }
    } catch (...) { // Out of memory: nobody would end it.
        abandon();
        throw;
    }
}

void Sampler::begin() {
    read(); // What was asked for others is too old for this one.
    const std::uint32_t count = controllers_.count();
    asked_.resize(std::max<std::size_t>(asked_.size(), count));
    {
        const std::lock_guard guard(mutex_);
        arrived_.reserve(asked_.size());
        taken_.reserve(asked_.size());
    }
    next_->answers.reserve(asked_.size());
    at(Clock::now() + longest_wait, next_, &Sampler::finish);
    running_ = std::exchange(next_, nullptr);
    const unsigned parts = std::max(count, 1U);
    const gangway_requests_wanted wanted{std::max(most_at_processes / parts, 50U),
                                         std::max(most_others / parts, 10U), most_clients};
    for (std::uint32_t controller = 0; controller < count; controller++) {
        ask(controller, wanted);
    }
    if (all_have_answered()) {
        finish();
    }
}

// One that has not answered yet will do so when it can, and that is as good.
void Sampler::ask(std::uint32_t controller, const gangway_requests_wanted& wanted) {
    if (asked_[controller]) {
        return;
    }
    const std::uint64_t now = usec_since_epoch();
    if (controllers_.ask(controller, wanted)) {
        asked_[controller] = now;
    } else {
        running_->not_asked.push_back(controller);
    }
}

bool Sampler::all_have_answered() const {
    return std::none_of(asked_.begin(), asked_.end(),
                        [](const auto& since) { return since.has_value(); });
}

void Sampler::put(pool::Requests answer) noexcept {
    const std::lock_guard guard(mutex_);
    arrived_.push_back(std::move(answer));
}

void Sampler::read() {
    {
        const std::lock_guard guard(mutex_);
        taken_.swap(arrived_);
    }
    if (taken_.empty()) {
        return;
    }
    Clock::duration longest{0};
    for (pool::Requests& answer : taken_) {
        longest = std::max<Clock::duration>(longest,
                                            std::chrono::microseconds(answer.totals().took_usec));
        asked_[answer.totals().controller].reset();
        if (running_ != nullptr) {
            running_->answers.push_back(std::move(answer));
        }
    }
    taken_.clear();
    const auto pause =
        std::clamp<Clock::duration>(longest * share_of_time, shortest_pause, longest_pause);
    earliest_ = std::max(earliest_, Clock::now() + pause);
    if (running_ != nullptr && all_have_answered()) {
        finish();
    }
}

void Sampler::finish() {
    const auto round = std::exchange(running_, nullptr);
    timer_.cancel();
    try {
        auto sample = put_together(std::move(round->answers), usec_since_epoch());
        sample.failed.insert(sample.failed.end(), round->not_asked.begin(), round->not_asked.end());
        for (std::uint32_t controller = 0; controller < asked_.size(); controller++) {
            if (asked_[controller]) {
                sample.stuck.push_back({controller, *asked_[controller]});
            }
        }
        round->sample = std::make_shared<const Sample>(std::move(sample));
    } catch (const std::bad_alloc&) { // Whoever waits gets nothing.
    }
    round->end();
    if (next_ != nullptr) {
        begin_when_allowed();
    }
}

void Sampler::abandon() {
    timer_.cancel();
    for (const auto& round : {std::exchange(running_, nullptr), std::exchange(next_, nullptr)}) {
        if (round != nullptr) {
            round->end();
        }
    }
}

void Sampler::stop() {
    stopped_ = true;
    abandon();
}

} // namespace gangway::requests
