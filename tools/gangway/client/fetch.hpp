// One request to the agent and its answer, over a connection of their own.
#pragma once

#include "gangway/client/endpoint.hpp"
#include "gangway/client/exchange_observer.hpp"
#include "gangway/client/request_body.hpp"
#include "gangway/client/request_head.hpp"
#include "gangway/client/response_reader.hpp"

#include <chrono>
#include <optional>

namespace gangway::command {

struct Request {
    RequestHead head; // but for its framing, which is the body's
    RequestBody* body = nullptr;
};

struct FetchBounds {
    std::chrono::milliseconds connecting{5000};
    // From then on to the end of the answer. Nothing: as the agent bounds it.
    std::optional<std::chrono::milliseconds> whole{};
    // Ends too where the core answers nothing at all any more. An application that the request is
    // for may take as long as it likes.
    bool ask_core = false;
    // What to add where a bound is not kept: what may come of the request nevertheless.
    const char* afterwards = "";
};

// Sends the request and gives the answer to `receiver`, until it is whole or nothing more of it is
// wanted. Throws Failure where the agent cannot be reached or a bound is not kept, BrokenAnswer
// where the answer breaks off, and Failure(interrupted) after Ctrl-C.
void fetch(const Endpoint& endpoint, const Request& request, ResponseReceiver& receiver,
           const FetchBounds& bounds, ExchangeObserver& observer);

} // namespace gangway::command
