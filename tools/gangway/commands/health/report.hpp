// What the agent says about the health of processes (docs/api.md, POST /v1/health). Pure.
#pragma once

#include "text/served_request.hpp"

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {

// One process. All texts are printable, and "" where the agent has sent none.
struct HealthResult {
    std::string json; // as it was sent, in one line
    std::string pid;  // or the ID of the command line, where no process has it any more
    std::string gupid;
    std::string group;
    std::string state; // "healthy", "unhealthy", "busy", "skipped", or a later agent's word
    std::string reason;
    std::string detail;
    std::string status;
    std::string route;
    std::string busy_since;              // RFC 3339
    std::vector<ServedRequest> requests; // with which it is busy
    std::optional<double> latency_seconds;

    [[nodiscard]] bool is_healthy() const { return state == "healthy"; }
};

struct HealthSummary {
    std::string json; // as it was sent, in one line
    std::uint64_t total = 0;
    std::uint64_t healthy = 0;
    std::uint64_t unhealthy = 0;
    std::uint64_t busy = 0;
    std::uint64_t skipped = 0;
    double duration_seconds = 0;
    bool deadline_reached = false;

    // False where none was checked: nobody is there to be well.
    [[nodiscard]] bool all_healthy() const { return total > 0 && healthy == total; }
};

struct HealthReport {
    std::vector<HealthResult> results;
    HealthSummary summary;
    std::optional<std::uint64_t> queue{}; // visitors' requests that wait; nothing: not known
    std::vector<std::string>
        cannot_start{}; // for each group that cannot a sentence, not yet printable
};

// Nothing where it has no state, or a pid that is no number. source: what json was read from.
[[nodiscard]] std::optional<HealthResult> health_result(const Json::Value& json,
                                                        std::string_view source);

// Nothing where one of the counts or the duration is missing.
[[nodiscard]] std::optional<HealthSummary> health_summary(const Json::Value& json,
                                                          std::string_view source);

// In the order of the gupids, the pool's; those behind that have none of these. They come as the
// processes have answered, which differs each time.
void sort_results(std::vector<HealthResult>& results, const std::vector<std::string>& gupids);

// Adds a process that is not there (any more): unhealthy, as one is that goes while it is checked.
void add_gone(HealthReport& report, const std::string& id);

// "3 of 4 healthy, 1 busy": what is not healthy only where there is some.
[[nodiscard]] std::string health_counts(const HealthSummary& summary);

} // namespace gangway::command
