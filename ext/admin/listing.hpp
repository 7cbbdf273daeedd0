// The endpoints that list: /v1/pool, /v1/groups, /v1/groups/{name}, /v1/processes,
// /v1/processes/{id}.
//
// Pure: a target, an Access and a Snapshot in, a JSON document or a Problem out.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "admin/authorization.hpp"
#include "admin/problem.hpp"
#include "admin/rows.hpp"
#include "admin/target.hpp"
#include "pool/pool.hpp"

namespace gangway::admin {

using Document = std::variant<std::string, Problem>;

Document list(const Target& target, const Access& access, const pool::Snapshot& snapshot,
              const Self& self);

} // namespace gangway::admin
