// A JSON document from the admin API.
#pragma once

#include "gangway/agent/agent_choice.hpp"
#include "gangway/client/exchange_observer.hpp"

#include <json/value.h>

#include <string>

namespace gangway::command {

struct AdminDocument {
    std::string text; // as it was sent
    Json::Value value;
};

// GETs `target` from the agent that is meant. Throws Failure for anything but a 200 with a JSON
// document.
[[nodiscard]] AdminDocument get_admin_document(const AgentChoice& choice, const std::string& target,
                                               ExchangeObserver& observer);

} // namespace gangway::command
