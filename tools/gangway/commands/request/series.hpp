// The same request many times, over several connections side by side.
#pragma once

#include "gangway/commands/request/lane.hpp"
#include "gangway/commands/request/series_summary.hpp"
#include "gangway/view/progress.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace gangway::command {

class RequestSeries {
  public:
    // Opens the body once more; null where the request has none.
    using BodyOpener = std::function<std::unique_ptr<RequestBody>()>;

    // The references must outlive this.
    RequestSeries(const RepeatedRequest& request, const BodyOpener& open_body,
                  std::uint64_t requests, std::uint64_t concurrency, Progress& progress);

    // The first connection on which an answer broke off, or was none. Whose fault that was is not
    // known.
    [[nodiscard]] const std::optional<Connection>& broken() const { return broken_; }

    // To the end of all. Throws Failure where it cannot go on: Ctrl-C, an agent that is gone. A
    // failed request is counted and does not end it.
    void run();

    // Of what was done, also after a Failure.
    [[nodiscard]] SeriesSummary summary() const;

  private:
    void run_all();

    using Clock = std::chrono::steady_clock;

    Progress& progress_;
    std::vector<std::unique_ptr<RequestLane>> lanes_;
    std::uint64_t planned_;
    std::uint64_t started_ = 0;
    RequestStatistics statistics_;
    std::optional<Connection> broken_;
    Clock::time_point start_;
    Clock::time_point end_; // of the last request that was finished; or of all, by a Failure
};

} // namespace gangway::command
