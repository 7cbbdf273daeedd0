#include "endpoints/health_answers.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "admin/target.hpp"
#include "endpoints/health_writer.hpp"

namespace gangway::endpoints {

namespace {

using health::Round;

constexpr std::string_view json_type = "application/json";
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

} // namespace

class HealthAnswers::Lanes {
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

// While one lives, interrupt() reaches its round.
class HealthAnswers::Running {
  public:
    Running(HealthAnswers& owner, Round& round) : owner_(owner) { owner_.running_ = &round; }
    ~Running() { owner_.running_ = nullptr; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

  private:
    HealthAnswers& owner_;
};

void HealthAnswers::interrupt() {
    if (running_ != nullptr) {
        running_->cut();
    }
}

awaitable<bool> HealthAnswers::one(std::string_view id, std::string_view query,
                                   const Asker& asker) {
    auto parsed = parse_check(query);
    if (const auto* problem = std::get_if<Problem>(&parsed)) {
        co_return co_await answering_.send(*problem);
    }
    RoundOrder order{std::get<check::Check>(std::move(parsed)), {}};
    const auto process_id = admin::parse_process_id(id);
    {
        const auto process = process_id ? context_.pool.find(*process_id) : nullptr;
        if (process == nullptr || !asker.access.sees(process->identity())) {
            const Problem problem = process_not_found();
            co_return co_await answering_.send(problem);
        }
        const gangway_process_identity& identity = process->identity();
        order.subjects.push_back({identity.pid, std::string(pool::view(identity.gupid)),
                                  std::string(pool::view(identity.group_name))});
    }
    order.concurrency = 1;
    order.deadline = order.check.wait + order.check.timeout + more_than_enough;
    co_return co_await carry_out(std::move(order), asker, Form::single);
}

awaitable<bool> HealthAnswers::many(RoundRequest request, const Asker& asker, bool as_lines) {
    auto snapshot = context_.pool.snapshot();
    if (!snapshot) {
        const Problem problem{Code::internal_error,
                              "The agent could not copy the pool; its log says why."};
        co_return co_await answering_.send(problem);
    }
    auto chosen = choose(std::move(request), asker.access, *snapshot);
    snapshot.reset(); // A round may take an hour.
    if (const auto* problem = std::get_if<Problem>(&chosen)) {
        co_return co_await answering_.send(*problem);
    }
    co_return co_await carry_out(std::get<RoundOrder>(std::move(chosen)), asker,
                                 as_lines ? Form::lines : Form::document);
}

awaitable<bool> HealthAnswers::carry_out(RoundOrder order, const Asker& asker, Form form) {
    const auto most =
        static_cast<unsigned>(std::min<std::size_t>(order.concurrency, order.subjects.size()));
    const Lanes lanes(context_.checks_at_once, most,
                      asker.access.sees_all() ? most_checks_at_once : most_checks_at_once_of_users,
                      asker.lanes);
    // Each check may need a connection to its process.
    const auto whom =
        asker.access.sees_all() ? Descriptors::For::trusted : Descriptors::For::others;
    if (!context_.descriptors.can_have(lanes.count(), whom)) {
        const Problem problem{Code::too_many_requests,
                              "The agent has too few file descriptors left for so many checks at "
                              "once (reserved_descriptors); try again later, with a smaller "
                              "concurrency, or raise its limit."};
        co_return co_await answering_.send(problem);
    }
    if (lanes.count() == 0 && !order.subjects.empty()) {
        const Problem problem{Code::too_many_requests,
                              "There are too many health checks at once already (256 for "
                              "administrators, 192 for others, 96 for one user); try again later."};
        co_return co_await answering_.send(problem);
    }
    const Descriptors::Promise promise(context_.descriptors, lanes.count());
    Round round(executor_, context_.pool, context_.clock_steps, context_.config.max_header_bytes,
                order.check, std::move(order.subjects));
    round.take_turns(context_.turns, asker.user);
    const Running running(*this, round);
    bool again = false;
    std::exception_ptr failure;
    try {
        round.start(lanes.count(), order.deadline);
        if (form == Form::lines) {
            again = co_await write_lines(round);
        } else {
            again = co_await write_document(round, form == Form::single);
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

awaitable<bool> HealthAnswers::write_lines(Round& round) {
    if (!co_await answering_.begin_stream(lines_type)) {
        co_return false;
    }
    for (auto finished = co_await round.next(); finished; finished = co_await round.next()) {
        const std::string lines = result_lines(round, *finished);
        if (!co_await answering_.stream(lines)) {
            co_return false;
        }
    }
    if (round.is_cut()) {
        co_return false; // Without a summary and an end: it is seen to be incomplete.
    }
    const std::string line = summary_line(round);
    if (!co_await answering_.stream(line)) {
        co_return false;
    }
    co_return co_await answering_.end_stream();
}

awaitable<bool> HealthAnswers::write_document(Round& round, bool single) {
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
        answer.body = co_await whole_document(executor_, round, results);
    }
    co_return co_await answering_.send(answer);
}

} // namespace gangway::endpoints
