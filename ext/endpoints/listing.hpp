// What the endpoints that list the pool have in common: /v1/pool, /v1/groups, /v1/groups/{name},
// /v1/processes, /v1/processes/{id}.
//
// Of each, what it answers is a pure function: a Question in, a Listing or a Problem out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "admin/call.hpp"
#include "endpoints/rows.hpp"
#include "pool/pool.hpp"
#include "problem/result.hpp"

namespace gangway::endpoints {

inline constexpr std::string_view json_type = "application/json";

// A JSON document, written in parts.
class Listing {
  public:
    // Both outlive it.
    Listing(const pool::Snapshot& snapshot, const Self& self, const FieldSet& fields)
        : snapshot_(&snapshot), self_(&self), fields_(fields) {}

    JsonWriter& json() { return json_; }
    void begin(); // with when the snapshot was taken
    void begin_rows(std::string_view key);
    // Instead of begin_rows(), where one row is all.
    void begin_row(std::string_view key);
    // Behind that: of either, or of the other.
    void add(const gangway_group& group) { groups_.push_back(&group); }
    void add(const gangway_process& process) { rows_.push_back(&process); }

    // Whether Self::served is wanted for it.
    bool tells_requests() const;

    // Writes so many rows more at most. False: the document is whole.
    bool write(std::size_t rows);
    // Once it is whole.
    std::string take() { return json_.take(); }

  private:
    const pool::Snapshot* snapshot_;
    const Self* self_;
    FieldSet fields_;
    JsonWriter json_;
    std::vector<const gangway_group*> groups_;
    std::vector<const gangway_process*> rows_;
    std::size_t written_ = 0;
    bool is_array_ = false;
    bool is_open_ = false; // to be closed behind the rows
};

struct Question {
    std::string_view subject; // what stands in the braces of the endpoint's path
    const admin::Arguments& arguments;
    const admin::Access& access;
    const pool::Snapshot& snapshot; // outlives what comes of it, as self does
    const Self& self;
};
using Begin = Result<Listing> (*)(const Question&);

awaitable<bool> answer_listing(admin::Call& call, Begin begin);
// For a row of the table.
template <Begin begin>
awaitable<bool> answer_with(admin::Call& call) {
    return answer_listing(call, begin);
}

// ---------------------------------------------------------------- parameters of process rows

inline constexpr admin::Parameter fields_parameter{.name = "fields",
                                                   .type = admin::ParameterType::words,
                                                   .help = "only these members of each process",
                                                   .words = public_field_names};
inline constexpr admin::Parameter secrets_parameter{.name = "secrets",
                                                    .type = admin::ParameterType::flag,
                                                    .help = "the passwords of processes, too",
                                                    .need = admin::Need::acts};

// As these two say, and as far as the caller may see.
FieldSet fields_of(const Question& question);

} // namespace gangway::endpoints
