// GET /v1/pool
#pragma once

#include "admin/endpoint.hpp"
#include "endpoints/listing.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint show_pool;

// Pure.
Result<Listing> begin_pool(const Question& question);

} // namespace gangway::endpoints
