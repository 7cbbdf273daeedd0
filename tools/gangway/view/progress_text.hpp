// What the line of progress says.
#pragma once

#include "gangway/client/transfer.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace gangway::command {

inline constexpr const char* waiting_for_answer = "waiting for the answer";

// "3s, sent 12.0 MiB of 96.0 MiB (12%), 4.0 MiB/s, waiting for the answer". `waiting`: what is said
// until the answer comes.
[[nodiscard]] std::string transfer_text(const Transfer& transfer,
                                        std::chrono::duration<double> elapsed,
                                        const std::string& waiting = waiting_for_answer);

// "3s, 1204 of 5000 requests, 401.3/s, 2 failed"
[[nodiscard]] std::string series_text(std::uint64_t done, std::uint64_t planned,
                                      std::uint64_t failed, std::chrono::duration<double> elapsed);

// "3s, 12 processes checked, 2 not healthy"
[[nodiscard]] std::string health_text(std::uint64_t checked, std::uint64_t not_healthy,
                                      std::chrono::duration<double> elapsed);

} // namespace gangway::command
