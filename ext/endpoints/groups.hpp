// GET /v1/groups, GET /v1/groups/{name}
#pragma once

#include "admin/endpoint.hpp"
#include "endpoints/listing.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint list_groups;
extern const admin::Endpoint show_group;

// Pure.
Result<Listing> begin_groups(const Question& question);
Result<Listing> begin_group(const Question& question);

} // namespace gangway::endpoints
