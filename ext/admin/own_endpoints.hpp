// The endpoints that the module answers itself: everything but forwarding.
#pragma once

#include <optional>
#include <string>

#include "admin/answering.hpp"
#include "admin/authorization.hpp"
#include "admin/context.hpp"
#include "admin/event_stream.hpp"
#include "admin/health_answers.hpp"
#include "admin/problem.hpp"
#include "admin/target.hpp"
#include "message/parser.hpp"
#include "module/client_stream.hpp"

namespace gangway::admin {

// What was asked, by whom.
struct Asked {
    const Target& target;
    const Access& access;
    const message::Head& head;
    message::RequestParser& parser; // for the body
};

// Of one connection. On the server's thread.
class OwnEndpoints {
  public:
    // All outlive it.
    OwnEndpoints(Context& context, ClientStream& stream, Answering& answering)
        : context_(context),
          stream_(stream),
          answering_(answering),
          health_(context, answering, stream.get_executor()),
          events_(context, answering, stream.get_executor()) {}

    // Whether there is such an endpoint, and it takes such a request. Nothing: there is.
    static std::optional<Problem> check(const Asked& asked);

    // After check(). False when the connection cannot take another request. asked outlives it.
    awaitable<bool> answer(const Asked& asked);

    // The agent exits: ends what would go on for ever.
    void drain();
    // The client has gone, or the agent cannot wait: ends what runs, soon.
    void interrupt();

  private:
    awaitable<bool> answer_asterisk();
    awaitable<bool> answer_listing(const Asked& asked);
    awaitable<bool> answer_health_state(const Asked& asked);
    awaitable<bool> answer_events(const Asked& asked);
    awaitable<bool> answer_checks(const Asked& asked);
    // Nothing: the whole body is in body.
    awaitable<std::optional<Problem>> read_body(const Asked& asked, std::string& body);

    Context& context_;
    ClientStream& stream_;
    Answering& answering_;
    HealthAnswers health_;
    EventStream events_;
};

} // namespace gangway::admin
