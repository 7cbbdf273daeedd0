// The row of the table of endpoints that a target is for.
#pragma once

#include <string>
#include <string_view>

#include "admin/authorization.hpp"
#include "admin/target.hpp"
#include "endpoints/table.hpp"

namespace gangway::endpoints {

// target outlives the result.
inline Result<admin::Match> look_up(std::string_view target,
                                    const admin::Access& access = admin::Access::full(),
                                    std::string_view method = "GET", bool has_body = false) {
    const auto parsed = admin::parse_target(target);
    return admin::match(table(), {.method = method,
                                  .path = parsed->path,
                                  .query = parsed->query,
                                  .has_body = has_body,
                                  .may_act = access.may_act()});
}

} // namespace gangway::endpoints
