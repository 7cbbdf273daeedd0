// The rows of the listings: how a process, a group and the pool are written as JSON (docs/api.md).
//
// Pure: everything comes from a Snapshot.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/authorization.hpp"
#include "admin/statistics.hpp"
#include "health/spawning.hpp"
#include "pool/pool.hpp"
#include "requests/known.hpp"
#include "text/json_writer.hpp"
#include "watch/watch.hpp"

namespace gangway::endpoints {

// How many fields a process row can have; a FieldSet has a bit for each.
inline constexpr std::size_t process_field_count = 35;
using FieldSet = std::bitset<process_field_count>;

// The bit of a field, by its name.
std::optional<std::size_t> find_process_field(std::string_view name);
// "pid", "gupid", …: every field but the secret ones.
std::vector<std::string_view> public_field_names();
// The same.
FieldSet all_public_fields();
FieldSet secret_fields();
// Those that need Self::served.
FieldSet request_fields();
// The one that whoever sees the process, but not its group, is not shown.
FieldSet group_password_field();

// What is known beside the pool: Gangway's own part of GET /v1/pool, and of a process row.
struct Self {
    std::string_view passenger_version; // the agent's
    const admin::Statistics& statistics;
    const config::Config& config;
    std::size_t in_flight; // forwarded requests that run now
    const admin::ProcessPasswords& process_passwords;
    const watch::Watch* watch = nullptr;               // null: no process is checked by itself
    const health::Spawning* spawning = nullptr;        // null: of no group is it known
    const requests::ServedByProcess* served = nullptr; // null: of no process is it known
    bool served_is_complete = true;                    // there are no others
};

void write_process(JsonWriter& json, const pool::Snapshot& snapshot, const gangway_process& process,
                   const FieldSet& fields, const Self& self);
void write_group(JsonWriter& json, const pool::Snapshot& snapshot, const gangway_group& group,
                 const Self& self);

// GET /v1/pool, over what access sees.
void write_pool(JsonWriter& json, const pool::Snapshot& snapshot, const admin::Access& access,
                const Self& self);

std::string_view state_word(const gangway_process& process);
// "enabled", "disabling", "disabled", "detached", "shutting_down", "dead".
std::vector<std::string_view> state_words();

} // namespace gangway::endpoints
