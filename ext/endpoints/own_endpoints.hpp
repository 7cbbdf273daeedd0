// The endpoints that the module answers itself: everything but forwarding.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "admin/answering.hpp"
#include "admin/authorization.hpp"
#include "admin/context.hpp"
#include "admin/target.hpp"
#include "endpoints/event_stream.hpp"
#include "endpoints/health_answers.hpp"
#include "message/parser.hpp"
#include "problem/problem.hpp"
#include "wire/client_stream.hpp"

namespace gangway::endpoints {

// What was asked, by whom.
struct Asked {
    const admin::Target& target;
    const admin::Access& access;
    const message::Head& head;
    message::RequestParser& parser; // for the body
    Owner user;                     // at the other end
    bool trusted;                   // root, or the agent's user is

    // Whether what it holds counts for the user's share.
    bool is_counted() const { return !trusted && !access.sees_all(); }
};

// Of one connection. On the server's thread.
class OwnEndpoints {
  public:
    // All outlive it.
    OwnEndpoints(admin::Context& context, wire::ClientStream& stream, admin::Answering& answering)
        : context_(context),
          stream_(stream),
          answering_(answering),
          health_(context, answering, stream.get_executor()),
          events_(context, stream, answering) {}

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
    // Of a Listing or a HealthListing.
    template <typename Rows>
    awaitable<std::string> whole(Rows& rows);
    awaitable<bool> answer_events(const Asked& asked);
    awaitable<bool> answer_checks(const Asked& asked);
    // Nothing: the whole body is in body, and counted in share.
    awaitable<std::optional<Problem>> read_body(const Asked& asked, Shares::Share& share,
                                                std::string& body);
    awaitable<std::variant<RoundRequest, Problem>> read_round(const Asked& asked);

    admin::Context& context_;
    wire::ClientStream& stream_;
    admin::Answering& answering_;
    HealthAnswers health_;
    EventStream events_;
};

} // namespace gangway::endpoints
