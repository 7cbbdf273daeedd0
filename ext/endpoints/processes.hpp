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

// Null where there is none; a detached one only if no other has that id, as
// gangway_host::process_find.
const gangway_process* find_process(std::string_view id, const pool::Snapshot& snapshot);

} // namespace gangway::endpoints
