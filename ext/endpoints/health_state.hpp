// The endpoints that tell what continuous checks know, without touching a process: /v1/health and
// /v1/health/live (docs/health.md).
//
// Each is a row of the table, and the pure function behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/authorization.hpp"
#include "admin/endpoint.hpp"
#include "problem/result.hpp"
#include "text/json_writer.hpp"
#include "watch/census.hpp"
#include "watch/watch.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint list_health;
extern const admin::Endpoint tell_liveness;

// GET /v1/health, whose rows are long: it is written in parts, as a Listing is. Processes may come
// and go in between.
class HealthListing {
  public:
    // All but arguments outlive it.
    HealthListing(const admin::Arguments& arguments, const admin::Access& access,
                  const watch::Watch& watch, const watch::Census& census, std::uint64_t now_usec);

    // Writes so many rows more at most. False: the document is whole.
    bool write(std::size_t rows);
    // Once it is whole.
    std::string take() { return json_.take(); }

  private:
    bool wants(const std::string& name) const { return !group_ || name == *group_; }
    std::size_t write_groups(std::size_t rows);

    std::optional<std::string> group_; // nothing: all
    const admin::Access* access_;
    const watch::Watch* watch_;
    const watch::Census* census_;
    JsonWriter json_;
    bool groups_written_ = false;
    std::optional<std::string> at_group_; // where it goes on: behind that process of that group,
    std::string at_gupid_;                // or behind that group; nothing: at the first
    bool whole_ = false;
};

struct Liveness {
    bool live;
    std::string document;
};

// live: as many processes of the group are healthy as minimum says, one if it does not.
Result<Liveness> look_alive(const admin::Arguments& arguments, const admin::Access& access,
                            const watch::Watch& watch, const watch::Census& census);

} // namespace gangway::endpoints
