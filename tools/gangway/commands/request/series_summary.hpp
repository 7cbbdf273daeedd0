// The figures at the end of `gangway request -n`.
#pragma once

#include "gangway/commands/request/statistics.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace gangway::command {

struct SeriesSummary {
    RequestStatistics statistics;
    std::uint64_t planned = 0; // more than were made where the series ended early
    std::uint64_t concurrency = 1;
    std::chrono::duration<double> duration{0};
};

// For people.
[[nodiscard]] std::string summary_text(const SeriesSummary& summary);

// For programs (docs/operators.md).
[[nodiscard]] std::string summary_json(const SeriesSummary& summary);

} // namespace gangway::command
