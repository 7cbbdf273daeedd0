// Sizes durations and figures as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace gangway::command {

// "0 B", "812 B", "61.5 MiB", "1.2 GiB": one digit after the point below 100 units.
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

// The two largest units that say something: "7s", "3m 12s", "4h 0m", "12d 7h".
[[nodiscard]] std::string human_duration(double seconds);

// In a column, without a blank, as `sort -h` knows it: "0", "812", "61.5K", "97.8M", "1.2G".
[[nodiscard]] std::string column_bytes(std::uint64_t bytes);

// In a column, without a blank: "0.3s" below ten seconds, "12s", "3m12s", "4h0m", "12d7h".
[[nodiscard]] std::string column_duration(double seconds);

// Of a request, in the unit that says most: "1.23 ms", "2.50 s".
[[nodiscard]] std::string human_latency(double seconds);

// Plain decimal with so many digits after the point: "0.312".
[[nodiscard]] std::string fixed_decimal(double value, int digits);

} // namespace gangway::command
