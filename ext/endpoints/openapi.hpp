// GET /v1/openapi.yaml: docs/openapi.yaml of this version.
#pragma once

#include <string_view>

#include "admin/endpoint.hpp"

namespace gangway::endpoints {

extern const admin::Endpoint show_openapi;

// The file's text. Generated from it by CMake.
extern const std::string_view openapi_text;

} // namespace gangway::endpoints
