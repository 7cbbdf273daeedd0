// The pool as the agent tells it, look after look.
#pragma once

#include "gangway/agent/admin_document.hpp"
#include "gangway/agent/pool_listing.hpp"
#include "gangway/view/pool_table.hpp"
#include "gangway/view/process_columns.hpp"

#include <json/value.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace gangway::command {

// GET /v1/processes with that query. Throws Failure as get_admin_document() does.
[[nodiscard]] AdminDocument fetch_processes(const Asking& asking, const std::string& target);

// What is to be told beside them. What this agent, or what this caller may see, has none of, is
// null.
[[nodiscard]] PoolDocuments fetch_pool(const Asking& asking, Json::Value processes,
                                       bool with_headings);

// What differs from one look to the next, by the clock of the pool's snapshots.
class Rates {
  public:
    // document: GET /v1/processes
    Around look(const Json::Value& document);

  private:
    using Time = std::chrono::system_clock::time_point;
    struct Memory {
        Time since;
        double bytes;
    };

    std::map<std::string, std::uint64_t, std::less<>> counts_; // requests, by gupid
    std::map<std::string, Memory, std::less<>> first_;         // memory, by gupid
    std::optional<Time> taken_at_;
};

} // namespace gangway::command
