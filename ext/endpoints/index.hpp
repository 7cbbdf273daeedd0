// GET /v1: the endpoints, for programs as JSON, for people as a page.
#pragma once

#include <string>

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint show_index;

// Pure.
std::string index_json(admin::Table table);
std::string index_page(admin::Table table); // HTML

} // namespace gangway::endpoints
