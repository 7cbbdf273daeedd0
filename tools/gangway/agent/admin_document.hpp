// A JSON document from the admin API.
#pragma once

#include "gangway/agent/agent_choice.hpp"
#include "gangway/agent/own_words.hpp"
#include "gangway/client/credentials.hpp"
#include "gangway/client/endpoint.hpp"
#include "gangway/client/exchange_observer.hpp"

#include <json/value.h>

#include <chrono>
#include <string>

namespace gangway::command {

struct AdminDocument {
    std::string text; // as it was sent
    Json::Value value;
};

// A list takes the agent milliseconds.
inline constexpr std::chrono::milliseconds document_longest{10'000};

// GETs `target` from the agent that is meant. Throws Failure for anything but a 200 with a JSON
// document. `asked`: for messages.
[[nodiscard]] AdminDocument get_admin_document(const AgentChoice& choice, const std::string& target,
                                               Asked asked, ExchangeObserver& observer);

// The same from an agent that has been found.
[[nodiscard]] AdminDocument
get_admin_document(const Endpoint& endpoint, const Credentials& credentials,
                   const std::string& target, Asked asked, ExchangeObserver& observer,
                   std::chrono::milliseconds longest = document_longest);

} // namespace gangway::command
