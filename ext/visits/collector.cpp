#include "visits/collector.hpp"

#include <algorithm>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/guard.hpp"
#include "base/wall_clock.hpp"

namespace gangway::visits {

Collector::Counting::Counting(Collector& collector, Tally& tally)
    : collector_(collector),
      tally_(&tally),
      finished_(collector.executor_, Timer::time_point::max()),
      place_(collector.countings_.insert(collector.countings_.end(), this)) {
    try {
        collector.wake();
    } catch (...) {
        collector.countings_.erase(place_);
        throw;
    }
}

Collector::Counting::~Counting() {
    collector_.countings_.erase(place_);
    if (collector_.countings_.empty()) {
        collector_.timer_.cancel();
    }
}

awaitable<void> Collector::Counting::finish() {
    if (collector_.stopped_ || tally_ == nullptr) {
        co_return;
    }
    is_finishing_ = true;
    collector_.timer_.cancel();
    co_await finished_.async_wait(as_result);
}

std::uint64_t Collector::since_usec() const {
    return running_ ? since_usec_ : usec_since_epoch();
}

void Collector::wake() {
    if (running_ || stopped_ || countings_.empty()) {
        return;
    }
    running_ = true;
    try {
        net::co_spawn(executor_, run(), net::detached);
    } catch (...) {
        running_ = false;
        throw;
    }
    since_usec_ = usec_since_epoch();
    visits_.watch_visits(true);
}

void Collector::stop() {
    stopped_ = true;
    timer_.cancel();
    end_all();
}

void Collector::end_all() {
    for (Counting* counting : countings_) {
        counting->tally_ = nullptr;
        counting->finished_.cancel();
    }
}

// How many is not known.
void Collector::lose_some() {
    for (Counting* counting : countings_) {
        if (counting->tally_ != nullptr) {
            counting->tally_->add_lost(1);
        }
    }
}

awaitable<void> Collector::run() {
    const Guard at_end([this] {
        visits_.watch_visits(false);
        running_ = false;
    });
    while (!countings_.empty() && !stopped_) {
        try {
            timer_.expires_after(between_looks);
            co_await timer_.async_wait(as_result);
            co_await look();
        } catch (const std::exception& e) { // Out of memory, say.
            log_.exception("visits: internal error", e);
            lose_some();
        }
    }
    visits_.watch_visits(false);
    visits_.take_visits(0); // What has ended meanwhile is nobody's.
}

awaitable<void> Collector::look() {
    // Only for those who finish now: who comes meanwhile is finished at the next look.
    std::uint32_t wanted = 0;
    for (Counting* counting : countings_) {
        counting->is_last_look_ = counting->is_finishing_;
        wanted = counting->is_finishing_ ? most_open : wanted;
    }
    const auto visits = visits_.take_visits(wanted);
    if (!visits) {
        co_return; // The agent has logged why.
    }
    auto turn_ends = Clock::now() + longest_turn;
    for (const bool is_open : {false, true}) {
        for (const gangway_visit& visit : is_open ? visits->open() : visits->ended()) {
            add(visit, is_open);
            // It may take long, as with many patterns of routes.
            if (Clock::now() >= turn_ends) {
                co_await others_first(executor_);
                turn_ends = Clock::now() + longest_turn;
            }
        }
    }
    for (Counting* counting : countings_) {
        if (counting->tally_ != nullptr) {
            counting->tally_->add_lost(visits->lost());
        }
        if (counting->is_last_look_) {
            counting->tally_ = nullptr;
            counting->finished_.cancel();
        }
    }
}

void Collector::add(const gangway_visit& visit, bool is_open) {
    for (Counting* counting : countings_) {
        if (counting->tally_ != nullptr && (counting->is_last_look_ || !is_open)) {
            counting->tally_->add(visit);
        }
    }
}

} // namespace gangway::visits
