// A document of the agent's, for whoever waits for it.
#pragma once

#include "gangway/agent/admin_document.hpp"

#include <string>

namespace gangway::command {

// As get_admin_document(), with a line of progress where that is slow.
[[nodiscard]] AdminDocument wait_for_document(const AgentChoice& choice, const std::string& target,
                                              const Asked& asked = {});

// Writes it to standard output as it was sent, for --json.
void print_document(const AdminDocument& document);

} // namespace gangway::command
