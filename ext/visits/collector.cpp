#include "visits/collector.hpp"

#include <exception>
#include <span>

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
    if (collector.stopped_ || collector.running_) {
        return;
    }
    collector.running_ = true;
    try {
        net::co_spawn(collector.executor_, collector.run(), net::detached);
    } catch (...) {
        collector.running_ = false;
        collector.countings_.erase(place_);
        throw;
    }
    collector.since_usec_ = usec_since_epoch();
    collector.visits_.watch_visits(true);
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
        } catch (const std::exception& e) { // Out of memory, say: what is counted lacks something.
            log_.exception("visits: internal error", e);
            end_all();
        }
    }
}

awaitable<void> Collector::look() {
    // Only for those who finish now: who comes meanwhile is finished at the next look.
    std::uint32_t wanted = 0;
    for (Counting* counting : countings_) {
        wanted = counting->is_finishing_ ? most_open : wanted;
    }
    const auto visits = visits_.take_visits(wanted);
    if (!visits) {
        co_return; // The agent has logged why.
    }
    constexpr std::size_t in_a_row = 250; // some hundred microseconds
    const std::span<const gangway_visit> ended = visits->ended();
    for (std::size_t i = 0; i < ended.size(); i++) {
        for (Counting* counting : countings_) {
            if (counting->tally_ != nullptr) {
                counting->tally_->add(ended[i]);
            }
        }
        if (i % in_a_row == in_a_row - 1) {
            co_await others_first(executor_);
        }
    }
    for (Counting* counting : countings_) {
        if (counting->tally_ == nullptr) {
            continue;
        }
        counting->tally_->add_lost(visits->lost());
        if (counting->is_finishing_ && wanted > 0) {
            for (const gangway_visit& visit : visits->open()) {
                counting->tally_->add(visit);
            }
            counting->tally_ = nullptr;
            counting->finished_.cancel();
        }
    }
}

} // namespace gangway::visits
