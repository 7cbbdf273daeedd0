// GET /v1/requests/profile, GET /v1/requests/routes
#pragma once

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint profile_requests;
extern const admin::Endpoint list_routes;

} // namespace gangway::endpoints
