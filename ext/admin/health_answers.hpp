// Answers the requests for health checks: of one process, and of many.
#pragma once

#include <string>
#include <string_view>

#include "admin/answering.hpp"
#include "admin/context.hpp"
#include "admin/health_request.hpp"
#include "health/round.hpp"
#include "module/asio.hpp"

namespace gangway::admin {

// Of one connection. On the server's thread.
class HealthAnswers {
  public:
    // All three outlive it.
    HealthAnswers(Context& context, Answering& answering, const Executor& executor)
        : context_(context), answering_(answering), executor_(executor) {}

    // What these return: whether the connection can take another request.

    // GET /v1/processes/{id}/health
    awaitable<bool> one(std::string_view id, std::string_view query, const Access& access);
    // POST /v1/health. as_lines: a line of JSON for each result, as they come.
    awaitable<bool> many(const std::string& body, const Access& access, bool as_lines);

    // The client has gone, or the agent exits: ends what runs, soon.
    void interrupt();

  private:
    class Lanes;
    class Running;
    enum class Form { single, document, lines };

    awaitable<bool> carry_out(RoundOrder order, const Access& access, Form form);
    awaitable<bool> write_lines(health::Round& round);
    awaitable<bool> write_document(health::Round& round, bool single);

    Context& context_;
    Answering& answering_;
    Executor executor_;
    health::Round* running_ = nullptr;
};

} // namespace gangway::admin
