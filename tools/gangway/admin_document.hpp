// A JSON document from the admin API.
#pragma once

#include "global_options.hpp"

#include <json/value.h>

#include <string>

namespace gangway::command {

struct AdminDocument {
    std::string text; // as it was sent
    Json::Value value;
};

// GETs `target` from the agent that the options lead to. Throws Failure for anything but a 200 with
// a JSON document.
[[nodiscard]] AdminDocument get_admin_document(const GlobalOptions& options,
                                               const std::string& target);

// Writes it to standard output as it was sent, for --json.
void print_document(const AdminDocument& document);

} // namespace gangway::command
