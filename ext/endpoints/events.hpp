// GET /v1/events: server-sent events (WHATWG HTML, 9.2) of what happens to processes.
#pragma once

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint listen_to_events;

} // namespace gangway::endpoints
