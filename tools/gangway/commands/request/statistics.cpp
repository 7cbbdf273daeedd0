#include "gangway/commands/request/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gangway::command {

void RequestStatistics::add(const RequestResult& result) {
    ++requests_;
    sent_bytes_ += result.sent_bytes;
    received_bytes_ += result.received_bytes;
    if (result.status != 0) {
        ++statuses_[result.status];
    }
    if (!result.route.empty()) {
        ++routes_[result.route];
    }
    if (result.failure.empty()) {
        latencies_ms_.push_back(result.latency.count());
    } else {
        ++failed_;
        ++failures_[result.failure];
    }
}

std::optional<LatencySummary> RequestStatistics::latency() const {
    if (latencies_ms_.empty()) {
        return std::nullopt;
    }
    std::vector<double> sorted = latencies_ms_;
    std::sort(sorted.begin(), sorted.end());
    const double sum = std::accumulate(sorted.begin(), sorted.end(), 0.0);
    return LatencySummary{.min_ms = sorted.front(),
                          .mean_ms = sum / static_cast<double>(sorted.size()),
                          .p50_ms = percentile(sorted, 50),
                          .p90_ms = percentile(sorted, 90),
                          .p95_ms = percentile(sorted, 95),
                          .p99_ms = percentile(sorted, 99),
                          .max_ms = sorted.back()};
}

double percentile(const std::vector<double>& sorted, double percent) {
    const double rank = std::ceil(static_cast<double>(sorted.size()) * percent / 100);
    const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
    return sorted.at(std::min(index, sorted.size() - 1));
}

} // namespace gangway::command
