#include "gangway/commands/request/lane.hpp"

#include "gangway/agent/problem.hpp"
#include "gangway/base/printable.hpp"

#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

const char* word_for(BrokenAnswer::Kind kind) {
    switch (kind) {
    case BrokenAnswer::Kind::none:
        return "no answer";
    case BrokenAnswer::Kind::cut_off:
        return "broken off";
    case BrokenAnswer::Kind::not_http:
        break;
    }
    return "not HTTP";
}

} // namespace

void AnswerTally::interim(const ResponseHeader& /*header*/) {}

ResponseReceiver::Wanted AnswerTally::header(const ResponseHeader& header) {
    if (is_gangway_error(header)) {
        failure_ = gangway_error_code(header);
    } else if (!is_of_process(header)) {
        failure_ = "not Gangway's";
    } else {
        const auto route = header["X-Gangway-Route"];
        route_ = printable(std::string_view(route.data(), route.size()));
        if (fail_ && header.result_int() >= 400) {
            failure_ = "HTTP " + std::to_string(header.result_int());
        }
    }
    return Wanted::body;
}

void AnswerTally::body(std::string_view /*piece*/) {}

RequestLane::RequestLane(const RepeatedRequest& request, std::unique_ptr<RequestBody> body)
    : request_(request), body_(std::move(body)) {}

void RequestLane::start() {
    start_ = Clock::now();
    if (!connection_.descriptor) {
        connection_ = connect_to(request_.endpoint);
    }
    if (body_) {
        body_->rewind();
    }
    tally_.emplace(request_.fail);
    reader_.emplace(*tally_, request_.is_head_request);
    sender_.emplace(request_.head, body_.get());
    exchange_.emplace(connection_.descriptor.get(), *sender_, *reader_,
                      ExchangeBounds{request_.longest, connection_.core_pid,
                                     [this] { return core_answers(request_.endpoint); },
                                     may_be_carried_out});
}

RequestResult RequestLane::finish(std::optional<Connection>& broken) {
    const Transfer transfer = exchange_->transfer();
    const auto& fault = exchange_->broken();
    RequestResult result{.failure = fault ? word_for(fault->kind()) : tally_->failure(),
                         .status = reader_->status().value_or(0),
                         .route = tally_->route(),
                         .latency = Clock::now() - start_,
                         .sent_bytes = transfer.sent,
                         .received_bytes = transfer.received};
    if (fault && !broken) {
        broken = std::move(connection_);
    }
    if (!exchange_->leaves_connection_open()) {
        connection_ = {};
    }
    return result;
}

} // namespace gangway::command
