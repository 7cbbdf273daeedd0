#include "server/connection.hpp"

#include <algorithm>
#include <utility>

#include <boost/beast/http/error.hpp>

#include "admin/call.hpp"
#include "admin/target.hpp"
#include "endpoints/table.hpp"
#include "message/rules.hpp"
#include "wire/read.hpp"
#include "worker/problems.hpp"

namespace gangway::server {

namespace {

using std::chrono::milliseconds;
using Clock = forward::Report::Clock;

// After an answer that leaves some of a body unread: a close would make the kernel throw the answer
// away before the client has read it.
constexpr milliseconds linger_time{2000};

// Who guesses passwords begins with a new connection after so many.
constexpr unsigned most_refusals = 3;

Problem head_problem(error_code ec, std::uint32_t max_header_bytes) {
    if (ec == net::error::timed_out) {
        return {Code::request_timeout, "The request did not arrive in time."};
    }
    if (ec == http::error::header_limit) {
        return {Code::header_too_large, "Request line and headers exceed " +
                                            std::to_string(max_header_bytes) +
                                            " bytes (max_header_bytes), or " +
                                            std::to_string(message::max_fields) + " fields."};
    }
    return {Code::bad_request, "The request is not well-formed HTTP: " + ec.message() + "."};
}

worker::Bounds bounds(const config::Config& config) {
    const bool has_total = config.total_timeout.count() > 0;
    return {config.wait,
            config.connect_timeout,
            config.first_byte_timeout,
            config.idle_timeout,
            config.tunnel_timeout,
            has_total ? std::optional(config.total_timeout) : std::nullopt};
}

} // namespace

struct Connection::Request {
    admin::Target target;
    admin::Access access = admin::Access::none();
    bool forwarded = false;          // meant for a process
    std::string_view process;        // its id
    admin::Match match{};            // else: the endpoint; none for "*"
    bool authorization_used = false; // Authorization was meant for Gangway
};

Connection::Connection(admin::Context& context, ClientSocket socket, const Peer& peer)
    : context_(context),
      stream_(std::move(socket)),
      answering_(stream_, context.config.client_timeout, context.statistics, context.draining),
      peer_(peer),
      caller_(context.turns, peer.owner),
      spooled_(context.spooled, peer.owner),
      accepted_(Clock::now()),
      known_(peer.trusted),
      exchange_(stream_.get_executor(), [this] { stream_.cancel(); }),
      last_process_(context.pool) {
    stream_.take_turns(caller_);
}

awaitable<void> Connection::run() {
    const auto self = shared_from_this();
    // A client that has gone needs no answer: the process is free for others at once.
    stream_.on_hangup([this] {
        record_.report.client_gone = true;
        interrupt(worker::Cut::client_gone);
    });
    stream_.on_idle([this] { last_process_.forget(); });
    for (bool again = true; again;) {
        prepare();
        const error_code ec =
            co_await stream_.read_head(*parser_, context_.config.max_header_bytes, head_timeout());
        waiting_ = false;
        record_.report.received = Clock::now();
        if (ec) {
            co_await refuse_head(ec);
            break;
        }
        stream_.attend(true, record_.report.received);
        Request request;
        if (const auto problem = understand(request)) {
            again = co_await send(*problem);
        } else if (request.forwarded) {
            again = co_await forward(request);
        } else {
            again = co_await answer(request);
        }
        stream_.attend(false, {});
        record();
        if (again) {
            stream_.give_back_memory();
            kept_.give_back_memory();
        }
    }
    last_process_.forget();
    co_await stream_.linger(linger_time);
}

void Connection::drain() {
    if (waiting_) {
        stream_.cancel();
    }
    running_.drain();
}

void Connection::abort() {
    interrupt(worker::Cut::shutting_down);
    stream_.close();
}

void Connection::interrupt(worker::Cut reason) {
    exchange_.cut(reason);
    running_.interrupt();
}

void Connection::prepare() {
    parser_.emplace(head_);
    answering_.begin(*parser_, head_);
    record_ = {};
    record_.uid = peer_.uid;
    waiting_ = true;
}

milliseconds Connection::head_timeout() const {
    constexpr milliseconds none{1};
    const milliseconds usual = context_.config.client_timeout;
    if (known_) {
        return usual;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(
        accepted_ + context_.config.authorization_timeout - Clock::now());
    return std::clamp(left, none, std::max(usual, none));
}

awaitable<bool> Connection::send(const Problem& problem) {
    const bool refused_again =
        problem.code == Code::unauthorized && !peer_.trusted && ++refusals_ >= most_refusals;
    // Where a request ends is not known of one that breaks the rules, whatever it is refused for.
    const bool may_keep_alive = !refused_again && !message::check_request(head_);
    co_return co_await answering_.send(problem, may_keep_alive);
}

// Where there is something to be told: not to a client that has just left, or sent nothing.
awaitable<void> Connection::refuse_head(error_code ec) {
    if (message::is_message_error(ec) || (ec == net::error::timed_out && stream_.has_input())) {
        const Problem problem = head_problem(ec, context_.config.max_header_bytes);
        co_await answering_.send(problem);
        record();
    }
}

std::optional<std::string_view> Connection::header(std::string_view name) const {
    return head_.fields.find(name);
}

admin::Credentials Connection::credentials(bool forwarded) const {
    admin::Credentials result{peer_.uid, header("X-Passenger-Connect-Password"),
                              header("Authorization")};
    if (forwarded && result.authorization &&
        !is_for_gangway(*result.authorization, context_.accounts)) {
        result.authorization.reset();
    }
    return result;
}

std::optional<Problem> Connection::check_head() const {
    if (auto wrong = message::check_request(head_)) {
        return Problem{Code::bad_request, std::move(*wrong)};
    }
    if (const auto name = worker::repeated_steering(head_.fields); !name.empty()) {
        return Problem{Code::bad_header, std::string(name) + " is given twice."};
    }
    if (head_.fields.count("Authorization") > 1) {
        return Problem{Code::bad_header, "Authorization is given twice."};
    }
    const auto expect = header("Expect");
    if (expect && head_.version >= 11 &&
        (head_.fields.count("Expect") > 1 || !message::same_token(*expect, "100-continue"))) {
        return worker::expectation_failed();
    }
    return std::nullopt;
}

// Who asks comes before what is asked for: nobody learns anything without access.
std::optional<Problem> Connection::understand(Request& request) {
    record_.method = head_.method;
    record_.target = head_.target;
    if (context_.draining) {
        return worker::cut_problem(worker::Cut::shutting_down);
    }
    auto target = admin::parse_target(head_.target);
    request.target = target ? std::move(*target) : admin::Target{admin::Kind::api, {}, {}};
    const auto process = header("X-Passenger-Process");
    const bool is_named = request.target.kind == admin::Kind::forward;
    request.process = is_named ? request.target.process : process.value_or("");
    request.forwarded = is_named || (request.target.kind == admin::Kind::outside && process);

    const admin::Credentials brought = credentials(request.forwarded);
    request.authorization_used = brought.authorization.has_value();
    request.access =
        authorize(brought, context_.accounts, context_.process_passwords, context_.agent_uid);
    const bool admitted = context_.admission.admits(request.access);
    record_.as = admitted ? request.access.word() : admin::Access::none().word();
    if (!admitted) {
        return Problem{Code::unauthorized,
                       "Send the password of a process in X-Passenger-Connect-Password, or an "
                       "account with Basic authentication."};
    }
    known_ = true;
    refusals_ = 0;
    if (auto problem = check_head()) {
        return problem;
    }
    if (!target) {
        return Problem{
            Code::bad_request,
            "The request's target must be a path, which begins with '/', or an http URL."};
    }
    return request.forwarded ? std::nullopt : look_up(request);
}

std::optional<Problem> Connection::look_up(Request& request) const {
    if (head_.target == "*") {
        return std::nullopt;
    }
    const bool has_body = parser_->chunked() || parser_->length().value_or(0) > 0;
    auto match = admin::match(endpoints::table(), {.method = head_.method,
                                                   .path = request.target.path,
                                                   .query = request.target.query,
                                                   .has_body = has_body,
                                                   .may_act = request.access.may_act()});
    if (!match) {
        return match.error();
    }
    request.match = std::move(*match);
    return std::nullopt;
}

awaitable<bool> Connection::answer(Request& request) {
    if (head_.target == "*") {
        co_return co_await answer_asterisk();
    }
    admin::Call call{context_,
                     stream_,
                     answering_,
                     running_,
                     request.access,
                     head_,
                     *parser_,
                     peer_.owner,
                     peer_.trusted,
                     endpoints::table(),
                     request.match.subject,
                     std::move(request.match.arguments)};
    co_return co_await request.match.endpoint->answer(call);
}

// OPTIONS *: about the server as a whole (RFC 9110, 9.3.7).
awaitable<bool> Connection::answer_asterisk() {
    const admin::Answer answer{204, {}, {}, "Allow: GET, HEAD, OPTIONS, POST\r\n"};
    co_return co_await answering_.send(answer);
}

Result<forward::Order> Connection::make_order(const Request& request) {
    if (!request.access.may_act()) {
        return Problem{Code::forbidden, "This account is read-only and sends no requests to "
                                        "processes; use a full administrator's account."};
    }
    auto steering = worker::parse_steering(head_.fields, bounds(context_.config));
    if (!steering) {
        return std::move(steering).error();
    }
    const auto id = admin::parse_process_id(request.process);
    auto process = id ? last_process_.find(request.process, *id) : nullptr;
    if (!process || !request.access.sees(process->identity())) {
        return process_not_found();
    }
    return forward::Order{std::move(process),
                          request.target.forwarded,
                          std::string(request.target.authority),
                          *steering,
                          request.authorization_used,
                          request.access.sees_all() ? Descriptors::For::trusted
                                                    : Descriptors::For::others};
}

awaitable<bool> Connection::forward(const Request& request) {
    auto order = make_order(request);
    if (!order) {
        co_return co_await answering_.send(order.error());
    }
    record_.forwarded = true;
    exchange_.begin(order->steering.bounds, record_.report.received);
    const forward::Client client{stream_, *parser_, context_.config.client_timeout,
                                 context_.config.max_header_bytes};
    const forward::Surroundings surroundings{
        context_.in_flight, context_.requests,    context_.config, exchange_, kept_,
        record_.report,     context_.descriptors, spooled_};
    const forward::Outcome outcome = co_await forward::forward(client, *order, surroundings);
    exchange_.end();
    spooled_.give_back();
    if (!outcome) {
        co_return co_await answering_.send(outcome.error());
    }
    last_process_.keep(request.process, std::move(order->process));
    record_.status = record_.report.status; // Not from answering_.
    co_return outcome->keep_alive && !context_.draining;
}

void Connection::record() {
    const admin::Answering::Told& told = answering_.told();
    if (told.status != 0) {
        record_.status = told.status;
        record_.answer_bytes = told.body_bytes;
        record_.code = told.code;
    }
    admin::Statistics& statistics = context_.statistics;
    const forward::Report& report = record_.report;
    const auto count_if = [](std::uint64_t& counter, bool condition) {
        counter += condition ? 1U : 0U;
    };
    count_if(statistics.answered, record_.status != 0);
    count_if(statistics.forwarded, report.status != 0);
    count_if(statistics.upgraded, report.upgraded);
    count_if(statistics.aborted, report.client_gone && (report.broken || record_.status == 0));
    statistics.retried += report.retries;
    statistics.bytes_to_processes += report.bytes_sent;
    statistics.bytes_from_processes += report.bytes_received;
    write_access_lines();
}

void Connection::write_access_lines() {
    if (context_.config.access_log == config::AccessLogFormat::off) {
        return;
    }
    const bool json = context_.config.access_log == config::AccessLogFormat::json;
    const auto now = Clock::now();
    admin::RefusalLines& refusals = context_.refusal_lines;
    while (const auto left_out = refusals.take_due(now)) {
        context_.log.printable_notice(json ? left_out_json(*left_out) : left_out_text(*left_out));
    }
    if (record_.as == admin::Access::none().word() && !refusals.admits(record_.uid, now)) {
        return;
    }
    const bool query = context_.config.access_log_query;
    context_.log.printable_notice(json ? access_line_json(record_, now, query)
                                       : access_line_text(record_, now, query));
}

} // namespace gangway::server
