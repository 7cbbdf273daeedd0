// All endpoints of the API. What a request asks for is looked up here (admin/endpoint.hpp), and GET
// /v1 lists them.
#pragma once

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

// For as long as the program runs.
admin::Table table();

} // namespace gangway::endpoints
