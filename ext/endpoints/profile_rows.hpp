// Which routes hold the workers: the document of GET /v1/requests/profile and
// GET /v1/requests/routes (docs/api.md).
//
// Pure: everything comes from a Tally and a Snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "admin/authorization.hpp"
#include "pool/pool.hpp"
#include "text/json_writer.hpp"
#include "visits/tally.hpp"

namespace gangway::endpoints {

// The document, written in parts (parts.hpp).
class ProfileRows {
  public:
    // Of the groups that access sees; or, where it sees one process alone, of that: then the tally
    // is of that process only. tally outlives it, and may go on: it forgets no route. limit: so
    // many rows.
    ProfileRows(const visits::Tally& tally, const pool::Snapshot& snapshot,
                const admin::Access& access, std::uint64_t ended_usec, std::size_t limit);

    // Writes so many rows more at most. False: the document is whole.
    bool write(std::size_t rows);
    // Once it is whole.
    std::string take() { return json_.take(); }

  private:
    using Row = std::pair<const visits::RouteKey, visits::RouteFigures>;

    void begin(const visits::Tally& tally, std::uint64_t ended_usec, bool sees_all);
    void write(const Row& row);
    void write_workers(const visits::RouteFigures& route);

    std::vector<const Row*> rows_;
    std::uint64_t worker_usec_ = 0; // of all rows
    std::uint64_t queued_usec_ = 0;
    std::uint64_t requests_ = 0;
    std::size_t beyond_limit_ = 0;
    JsonWriter json_;
    std::size_t written_ = 0;
    bool is_whole_ = false;
};

} // namespace gangway::endpoints
