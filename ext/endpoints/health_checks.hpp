// The requests for health checks: GET /v1/processes/{id}/health, POST /v1/health (docs/health.md).
#pragma once

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint check_process;
extern const admin::Endpoint check_processes;

} // namespace gangway::endpoints
