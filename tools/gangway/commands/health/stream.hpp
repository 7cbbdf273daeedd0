// Reads the answer of POST /v1/health as it comes: a line {"result":…} for each process, and last
// {"summary":…}. Lines with neither are a later agent's, and left out. Pure.
#pragma once

#include "gangway/commands/health/report.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

class HealthStream {
  public:
    // The next bytes, however they are cut. Throws Failure(bad_answer) for a line that is neither a
    // result nor a summary, and where a line or the whole is longer than any agent's.
    void feed(std::string_view piece);

    // How far it is.
    [[nodiscard]] std::uint64_t checked() const { return report_.results.size(); }
    [[nodiscard]] std::uint64_t not_healthy() const { return not_healthy_; }

    // At the answer's end: the results, as they came. Throws Failure(bad_answer) where no summary
    // came.
    [[nodiscard]] HealthReport finish() &&;

  private:
    void take_line(std::string_view line);

    std::string line_; // its beginning, as far as it has come
    std::size_t bytes_ = 0;
    std::uint64_t not_healthy_ = 0;
    bool has_summary_ = false;
    HealthReport report_;
};

// An answer that ended too early.
inline constexpr const char* health_broke_off =
    "the answer broke off: not every process's result has come; see Passenger's log";

} // namespace gangway::command
