#include "endpoints/health_checks.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/call.hpp"
#include "admin/request_body.hpp"
#include "admin/target.hpp"
#include "endpoints/health_request.hpp"
#include "endpoints/health_writer.hpp"
#include "endpoints/listing.hpp"
#include "health/round.hpp"

namespace gangway::endpoints {

namespace {

using health::Round;

constexpr std::string_view lines_type = "application/x-ndjson";

// Beyond a check's own bounds, for a single one: it never needs it.
constexpr std::chrono::seconds more_than_enough{5};

std::string result_document(const Round& round, const Round::Finished& finished) {
    JsonWriter json;
    json.begin_object();
    json.key("result");
    write_result(json, round.subjects()[finished.index], finished.result);
    json.end_object();
    return json.take();
}

// How many results are written before others have their turn.
constexpr std::size_t results_in_a_row = 100;

// Of this one and others that are there: to send each by itself would wake up the client for each.
std::string result_lines(Round& round, const Round::Finished& first) {
    std::string lines = result_document(round, first) + "\n";
    for (std::size_t i = 1; i < results_in_a_row; i++) {
        const auto other = round.next_now();
        if (!other) {
            break;
        }
        lines += result_document(round, *other) + "\n";
    }
    return lines;
}

std::string summary_line(const Round& round) {
    JsonWriter json;
    json.begin_object();
    json.key("summary");
    write_summary(json, round.summary());
    json.end_object();
    return json.take() + "\n";
}

awaitable<std::string> whole_document(const Executor& executor, const Round& round,
                                      const std::vector<check::Result>& results) {
    JsonWriter json;
    json.begin_object();
    json.key("summary");
    write_summary(json, round.summary());
    json.key("results");
    json.begin_array();
    for (std::size_t i = 0; i < results.size(); i++) {
        if (i % results_in_a_row == results_in_a_row - 1) {
            co_await others_first(executor);
        }
        write_result(json, round.subjects()[i], results[i]);
    }
    json.end_array();
    json.end_object();
    co_return json.take();
}

// Checks at once, of those that there may be.
class Lanes {
  public:
    // most: as long as that are taken already, none is to be had.
    Lanes(unsigned& taken, unsigned wanted, unsigned most, Shares::Share* of_user)
        : taken_(taken), count_(std::min(wanted, most - std::min(most, taken))) {
        if (of_user != nullptr) {
            count_ = static_cast<unsigned>(std::min<std::uint64_t>(count_, of_user->left()));
            of_user->grow(count_);
        }
        taken_ += count_;
    }
    ~Lanes() { taken_ -= count_; }
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;

    unsigned count() const { return count_; }

  private:
    unsigned& taken_;
    unsigned count_;
};

enum class Form { single, document, lines };

awaitable<bool> write_lines(admin::Answering& answering, Round& round) {
    if (!co_await answering.begin_stream(lines_type)) {
        co_return false;
    }
    for (auto finished = co_await round.next(); finished; finished = co_await round.next()) {
        const std::string lines = result_lines(round, *finished);
        if (!co_await answering.stream(lines)) {
            co_return false;
        }
    }
    if (round.is_cut()) {
        co_return false; // Without a summary and an end: it is seen to be incomplete.
    }
    const std::string line = summary_line(round);
    if (!co_await answering.stream(line)) {
        co_return false;
    }
    co_return co_await answering.end_stream();
}

awaitable<bool> write_document(admin::Call& call, Round& round, bool single) {
    std::vector<check::Result> results(round.subjects().size());
    admin::Answer answer{200, json_type};
    for (auto finished = co_await round.next(); finished; finished = co_await round.next()) {
        if (single) {
            answer.body = result_document(round, *finished);
        }
        results[finished->index] = std::move(finished->result);
    }
    if (round.is_cut()) {
        co_return false;
    }
    if (!single) {
        answer.body = co_await whole_document(call.stream.get_executor(), round, results);
    }
    co_return co_await call.answering.send(answer);
}

awaitable<bool> carry_out(admin::Call& call, RoundOrder order, Form form) {
    admin::Context& context = call.context;
    const bool sees_all = call.access.sees_all();
    Shares::Share of_user(context.check_lanes, call.user);
    const auto most =
        static_cast<unsigned>(std::min<std::size_t>(order.concurrency, order.subjects.size()));
    const Lanes lanes(context.checks_at_once, most,
                      sees_all ? most_checks_at_once : most_checks_at_once_of_users,
                      call.is_counted() ? &of_user : nullptr);
    // Each check may need a connection to its process.
    const auto whom = sees_all ? Descriptors::For::trusted : Descriptors::For::others;
    if (!context.descriptors.can_have(lanes.count(), whom)) {
        const Problem problem{Code::too_many_requests,
                              "The agent has too few file descriptors left for so many checks at "
                              "once (reserved_descriptors); try again later, with a smaller "
                              "concurrency, or raise its limit."};
        co_return co_await call.answering.send(problem);
    }
    if (lanes.count() == 0 && !order.subjects.empty()) {
        const Problem problem{Code::too_many_requests,
                              "There are too many health checks at once already (256 for "
                              "administrators, 192 for others, 96 for one user); try again later."};
        co_return co_await call.answering.send(problem);
    }
    const Descriptors::Promise promise(context.descriptors, lanes.count());
    Round round(call.stream.get_executor(), context.pool, context.clock_steps,
                context.config.max_header_bytes, order.check, std::move(order.subjects));
    round.take_turns(context.turns, call.user);
    round.tell_requests(context.requests);
    const admin::Running::Guard running(call.running, false, [&round] { round.cut(); });
    bool again = false;
    std::exception_ptr failure;
    try {
        round.start(lanes.count(), order.deadline);
        if (form == Form::lines) {
            again = co_await write_lines(call.answering, round);
        } else {
            again = co_await write_document(call, round, form == Form::single);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    co_await round.end(); // Before anything that it uses goes away.
    if (failure) {
        std::rethrow_exception(failure);
    }
    co_return again;
}

awaitable<bool> answer_one(admin::Call& call) {
    auto check = parse_check(call.arguments);
    if (!check) {
        co_return co_await call.answering.send(check.error());
    }
    RoundOrder order{std::move(*check), {}};
    const auto process_id = admin::parse_process_id(call.subject);
    {
        const auto process = process_id ? call.context.pool.find(*process_id) : nullptr;
        if (process == nullptr || !call.access.sees(process->identity())) {
            const Problem problem = process_not_found();
            co_return co_await call.answering.send(problem);
        }
        const gangway_process_identity& identity = process->identity();
        order.subjects.push_back({identity.pid, std::string(pool::view(identity.gupid)),
                                  std::string(pool::view(identity.group_name))});
    }
    order.concurrency = 1;
    order.deadline = order.check.wait + order.check.timeout + more_than_enough;
    co_return co_await carry_out(call, std::move(order), Form::single);
}

// The body is gone before the round begins, which may take an hour.
awaitable<Result<RoundRequest>> read_round(admin::Call& call) {
    Shares::Share share(call.context.bodies, call.user);
    const auto body = co_await admin::read_body(call, share);
    if (!body) {
        co_return body.error();
    }
    co_return parse_round(*body);
}

awaitable<bool> answer_many(admin::Call& call) {
    auto request = co_await read_round(call);
    if (!request) {
        co_return co_await call.answering.send(request.error());
    }
    auto snapshot = call.take_snapshot();
    if (!snapshot) {
        const Problem problem = admin::no_snapshot();
        co_return co_await call.answering.send(problem);
    }
    auto order = choose(std::move(*request), call.access, *snapshot);
    snapshot.reset(); // A round may take an hour.
    if (!order) {
        co_return co_await call.answering.send(order.error());
    }
    const bool as_lines = call.head.fields.lists("Accept", lines_type);
    co_return co_await carry_out(call, std::move(*order), as_lines ? Form::lines : Form::document);
}

} // namespace

constinit const admin::Endpoint check_process{.method = admin::Method::get,
                                              .path = "/v1/processes/{id}/health",
                                              .help = "Checks the health of one process now",
                                              .parameters = check_parameters,
                                              .need = admin::Need::acts,
                                              .answer = answer_one};

constinit const admin::Endpoint check_processes{
    .method = admin::Method::post,
    .path = "/v1/health",
    .help = "Checks the health of many processes now, as the JSON in the body says",
    .need = admin::Need::acts,
    .takes_body = true,
    .answer = answer_many};

} // namespace gangway::endpoints
