// The pool as 'gangway ps' shows it: the processes of each group below a line about it.
#pragma once

#include "gangway/view/process_columns.hpp"
#include "gangway/view/terminal.hpp"

#include <json/value.h>

#include <optional>
#include <string>
#include <vector>

namespace gangway::command {

// The agent's documents (docs/api.md). Those that are null are not known.
struct PoolDocuments {
    Json::Value processes; // GET /v1/processes
    Json::Value groups;    // GET /v1/groups
    Json::Value pool;      // GET /v1/pool
    Json::Value queued;    // GET /v1/requests?state=queued
};

struct PoolTableOptions {
    std::vector<ProcessColumn> columns;
    std::optional<ProcessColumn> sorted_by; // within each group; nothing: as the pool has them
    bool descending = false;
    bool with_headings = true; // of the groups and the columns
    bool with_spawning = true; // rows of processes that are being started
    std::string group;         // only this one; empty: all
};

// One group and its rows.
struct PoolPart {
    std::string name; // not yet printable
    const Json::Value* group = nullptr;
    std::vector<const Json::Value*> rows{};
};

// In the pool's order. Whoever sees but one process sees no group. only: this group; empty: all.
[[nodiscard]] std::vector<PoolPart> pool_parts(const PoolDocuments& documents,
                                               const std::string& only);

// "shop (production)   4 of 4 workers, 1 sick   queue 3 (oldest 3.0s)   pool 4/6"
[[nodiscard]] std::string part_heading(const PoolPart& part, const PoolDocuments& documents);

// That its processes cannot be started; empty where they can.
[[nodiscard]] std::string part_spawn_error(const PoolPart& part);

[[nodiscard]] std::string pool_table(const PoolDocuments& documents,
                                     const PoolTableOptions& options, const Around& around,
                                     const Terminal& terminal);

} // namespace gangway::command
