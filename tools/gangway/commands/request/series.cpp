#include "gangway/commands/request/series.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/client/exchange_loop.hpp"
#include "gangway/view/progress_text.hpp"

#include <algorithm>

namespace gangway::command {

RequestSeries::RequestSeries(const RepeatedRequest& request, const BodyOpener& open_body,
                             std::uint64_t requests, std::uint64_t concurrency, Progress& progress)
    : progress_(progress), planned_(requests), start_(Clock::now()), end_(start_) {
    for (std::uint64_t count = std::min(requests, concurrency); count > 0; --count) {
        lanes_.push_back(std::make_unique<RequestLane>(request, open_body()));
    }
}

void RequestSeries::run() {
    try {
        run_all();
    } catch (const Failure&) {
        end_ = Clock::now(); // What was waited for last took its time, too.
        throw;
    }
}

void RequestSeries::run_all() {
    ExchangeLoop loop;
    std::vector<RequestLane*> idle;
    for (const auto& lane : lanes_) {
        idle.push_back(lane.get());
    }
    std::vector<RequestLane*> busy;
    std::vector<HttpExchange*> exchanges;
    start_ = end_ = Clock::now();
    while (statistics_.requests() < planned_) {
        for (; !idle.empty() && started_ < planned_; ++started_) {
            idle.back()->start();
            busy.push_back(idle.back());
            idle.pop_back();
        }
        exchanges.clear();
        std::transform(busy.begin(), busy.end(), std::back_inserter(exchanges),
                       [](RequestLane* lane) { return &lane->exchange(); });
        loop.step(exchanges, progress_.poll_timeout_ms());
        const auto done = std::partition(
            busy.begin(), busy.end(), [](RequestLane* lane) { return !lane->exchange().done(); });
        for (auto lane = done; lane != busy.end(); ++lane) {
            statistics_.add((*lane)->finish(broken_));
            end_ = Clock::now();
            idle.push_back(*lane);
        }
        busy.erase(done, busy.end());
        if (progress_.is_due()) {
            progress_.draw(series_text(statistics_.requests(), planned_, statistics_.failed(),
                                       progress_.elapsed()));
        }
    }
}

SeriesSummary RequestSeries::summary() const {
    return {.statistics = statistics_,
            .planned = planned_,
            .concurrency = lanes_.size(),
            .duration = end_ - start_};
}

} // namespace gangway::command
