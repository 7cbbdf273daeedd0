// GET /v1/requests: what every worker is doing, for whom, since when.
#pragma once

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

extern constinit const admin::Endpoint list_requests;

} // namespace gangway::endpoints
