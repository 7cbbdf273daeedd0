// GET /v1/processes, GET /v1/processes/{id}
#pragma once

#include "admin/endpoint.hpp"
#include "endpoints/listing.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint list_processes;
extern const admin::Endpoint show_process;
// Forwarding: the connection does it, the table only says that there is.
extern const admin::Endpoint forward_to_process;

// Pure.
Result<Listing> begin_processes(const Question& question);
Result<Listing> begin_process(const Question& question);

} // namespace gangway::endpoints
