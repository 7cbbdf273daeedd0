// One connection of a series: the same request over and over, one at a time, the connection used
// again as long as the agent lets it.
#pragma once

#include "gangway/client/http_exchange.hpp"
#include "gangway/client/unix_connection.hpp"
#include "gangway/commands/request/statistics.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace gangway::command {

// What all lanes of a series share.
struct RepeatedRequest {
    Endpoint endpoint;
    std::string head; // as it goes over the wire
    bool is_head_request = false;
    bool fail = false;                                  // HTTP >= 400 is a failure
    std::optional<std::chrono::milliseconds> longest{}; // for each; nothing: as the agent bounds it
};

// Notes what becomes of an answer, and lets its body go.
class AnswerTally final : public ResponseReceiver {
  public:
    explicit AnswerTally(bool fail) : fail_(fail) {}

    void interim(const ResponseHeader& header) override;
    Wanted header(const ResponseHeader& header) override;
    void body(std::string_view piece) override;

    // A short word for it; empty where it is none.
    [[nodiscard]] const std::string& failure() const { return failure_; }
    // By which a process answered; empty where none did.
    [[nodiscard]] const std::string& route() const { return route_; }

  private:
    bool fail_;
    std::string failure_;
    std::string route_;
};

class RequestLane {
  public:
    // `request` must outlive this. `body`, where there is one, can be rewound and is this lane's
    // own.
    RequestLane(const RepeatedRequest& request, std::unique_ptr<RequestBody> body);

    // Begins the next request, on a new connection where there is none. Throws Failure where the
    // agent cannot be reached.
    void start();

    // Of the request that was begun.
    [[nodiscard]] HttpExchange& exchange() { return *exchange_; }

    // Once the exchange is done: what came of it. `broken`: takes the connection of an answer that
    // was none, where it has none yet.
    [[nodiscard]] RequestResult finish(std::optional<Connection>& broken);

  private:
    using Clock = std::chrono::steady_clock;

    const RepeatedRequest& request_;
    std::unique_ptr<RequestBody> body_;
    Connection connection_;
    Clock::time_point start_;
    std::optional<AnswerTally> tally_;
    std::optional<ResponseReader> reader_;
    std::optional<RequestSender> sender_;
    std::optional<HttpExchange> exchange_; // refers to the three above
};

} // namespace gangway::command
