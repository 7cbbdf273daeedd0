// Answers the requests for health checks: of one process, and of many.
#pragma once

#include <string_view>

#include "admin/answering.hpp"
#include "admin/context.hpp"
#include "base/asio.hpp"
#include "endpoints/health_request.hpp"
#include "health/round.hpp"

namespace gangway::endpoints {

// Whose checks they are.
struct Asker {
    const admin::Access& access;
    Owner user;           // at the other end
    Shares::Share* lanes; // of that user; null: his are not counted
};

// Of one connection. On the server's thread.
class HealthAnswers {
  public:
    // All three outlive it.
    HealthAnswers(admin::Context& context, admin::Answering& answering, const Executor& executor)
        : context_(context), answering_(answering), executor_(executor) {}

    // What these return: whether the connection can take another request. asker outlives the
    // call.

    // GET /v1/processes/{id}/health
    awaitable<bool> one(std::string_view id, std::string_view query, const Asker& asker);
    // POST /v1/health. as_lines: a line of JSON for each result, as they come.
    awaitable<bool> many(RoundRequest request, const Asker& asker, bool as_lines);

    // The client has gone, or the agent exits: ends what runs, soon.
    void interrupt();

  private:
    class Lanes;
    class Running;
    enum class Form { single, document, lines };

    awaitable<bool> carry_out(RoundOrder order, const Asker& asker, Form form);
    awaitable<bool> write_lines(health::Round& round);
    awaitable<bool> write_document(health::Round& round, bool single);

    admin::Context& context_;
    admin::Answering& answering_;
    Executor executor_;
    health::Round* running_ = nullptr;
};

} // namespace gangway::endpoints
