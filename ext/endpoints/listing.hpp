// The endpoints that list: /v1/pool, /v1/groups, /v1/groups/{name}, /v1/processes,
// /v1/processes/{id}.
//
// Pure: a target, an Access and a Snapshot in, a JSON document or a Problem out. Of many rows, the
// document is written in parts, since a thousand take milliseconds: who writes it lets others have
// their turn in between.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "admin/authorization.hpp"
#include "admin/target.hpp"
#include "endpoints/rows.hpp"
#include "pool/pool.hpp"
#include "problem/problem.hpp"

namespace gangway::endpoints {

// The parameters.
struct ListingOptions {
    std::optional<std::string> group;
    std::set<std::string, std::less<>> states; // empty: all
    FieldSet fields = all_public_fields();
    bool secrets = false;
};

// What can be said without looking at the pool.
std::variant<ListingOptions, Problem> parse_listing(const admin::Target& target,
                                                    const admin::Access& access);

// All that begin_listing() is given outlives it.
class Listing {
  public:
    // Writes so many rows more at most. False: the document is whole.
    bool write(std::size_t rows);
    // Once it is whole.
    std::string take() { return json_.take(); }

  private:
    friend std::variant<Listing, Problem>
    begin_listing(const admin::Target& target, const admin::Access& access,
                  const pool::Snapshot& snapshot, const Self& self, const ListingOptions& options);
    Listing(const pool::Snapshot& snapshot, const Self& self, const FieldSet& fields)
        : snapshot_(&snapshot), self_(&self), fields_(fields) {}
    void begin();
    void begin_rows(std::string_view key);

    const pool::Snapshot* snapshot_;
    const Self* self_;
    FieldSet fields_;
    JsonWriter json_;
    std::vector<const gangway_group*> groups_; // to be written; or processes are:
    std::vector<const gangway_process*> rows_;
    std::size_t written_ = 0;
    bool has_rows_ = false; // an array of either, which is to be closed
};

// options: of the same target and access.
std::variant<Listing, Problem> begin_listing(const admin::Target& target,
                                             const admin::Access& access,
                                             const pool::Snapshot& snapshot, const Self& self,
                                             const ListingOptions& options);

} // namespace gangway::endpoints
