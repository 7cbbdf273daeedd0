// What has happened since the module started: the member "gangway" of GET /v1/pool.
#pragma once

#include <array>
#include <cstdint>

#include "config/config.hpp"
#include "problem/problem.hpp"
#include "text/json_writer.hpp"

namespace gangway::admin {

// Used on the server's thread only.
struct Statistics {
    std::uint64_t started_usec = 0; // since the epoch
    std::uint64_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0; // max_connections
    std::uint64_t answered = 0;            // requests
    std::uint64_t forwarded = 0;           // answers that came from a process
    std::uint64_t retried = 0;             // sent again on another connection
    std::uint64_t upgraded = 0;
    std::uint64_t aborted = 0; // the client went before the end of its answer
    std::uint64_t bytes_to_processes = 0;
    std::uint64_t bytes_from_processes = 0;
    std::array<std::uint64_t, code_count> errors{}; // by Code

    void count_error(Code code) { errors.at(static_cast<std::size_t>(code))++; }
};

// in_flight: forwarded requests that run now.
void write_statistics(JsonWriter& json, const Statistics& statistics, const config::Config& config,
                      std::size_t in_flight);

} // namespace gangway::admin
