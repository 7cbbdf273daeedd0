// The requests that processes are at, for people. Pure.
#pragma once

#include "gangway/view/terminal.hpp"

#include <json/value.h>

#include <cstddef>
#include <string>

namespace gangway::command {

// "GET": printable.
[[nodiscard]] std::string request_method(const Json::Value& row);
// "/slow", "/slow?…" where the query is not told, "/slow?x=1": printable.
[[nodiscard]] std::string request_url(const Json::Value& row);

// A row for each request of the document of GET /v1/requests, and a line with their sum. In so many
// lines at most, as far as that goes.
[[nodiscard]] std::string request_table(const Json::Value& document, const Terminal& terminal,
                                        std::size_t lines);

} // namespace gangway::command
