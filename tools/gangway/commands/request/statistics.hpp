// What the answers to many requests come to. Pure: no clock, no output.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

using Milliseconds = std::chrono::duration<double, std::milli>;

struct RequestResult {
    std::string failure; // a short word for it; empty: the request succeeded
    unsigned status = 0; // 0: no header of an answer arrived
    std::string route{}; // by which a process answered; empty: none did
    Milliseconds latency{0};
    std::uint64_t sent_bytes = 0; // of the bodies
    std::uint64_t received_bytes = 0;
};

struct LatencySummary {
    double min_ms = 0;
    double mean_ms = 0;
    double p50_ms = 0;
    double p90_ms = 0;
    double p95_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
};

class RequestStatistics {
  public:
    void add(const RequestResult& result);

    [[nodiscard]] std::uint64_t requests() const { return requests_; }
    [[nodiscard]] std::uint64_t failed() const { return failed_; }
    // How often each word was the failure, how often each status the answer's.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& failures() const { return failures_; }
    [[nodiscard]] const std::map<unsigned, std::uint64_t>& statuses() const { return statuses_; }
    // How many answers of a process came by each route.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& routes() const { return routes_; }
    [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }
    [[nodiscard]] std::uint64_t received_bytes() const { return received_bytes_; }

    // Of the requests that succeeded: a refusal within microseconds is no speed. Nothing where none
    // did.
    [[nodiscard]] std::optional<LatencySummary> latency() const;

  private:
    std::uint64_t requests_ = 0;
    std::uint64_t failed_ = 0;
    std::map<std::string, std::uint64_t> failures_;
    std::map<unsigned, std::uint64_t> statuses_;
    std::map<std::string, std::uint64_t> routes_;
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t received_bytes_ = 0;
    std::vector<double> latencies_ms_;
};

// The smallest value that `percent` per cent of all are not above (nearest rank). `sorted` ascends
// and is not empty; `percent` is above 0 and at most 100.
[[nodiscard]] double percentile(const std::vector<double>& sorted, double percent);

} // namespace gangway::command
