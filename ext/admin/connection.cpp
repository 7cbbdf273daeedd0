#include "admin/connection.hpp"

#include <algorithm>
#include <utility>

#include <boost/beast/http/error.hpp>

#include "forward/problems.hpp"
#include "message/read.hpp"
#include "message/rules.hpp"

namespace gangway::admin {

namespace {

using std::chrono::milliseconds;
using Clock = forward::Report::Clock;

// After an answer that leaves some of a body unread: a close would make the kernel throw the answer
// away before the client has read it.
constexpr milliseconds linger_time{2000};

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

forward::Bounds bounds(const config::Config& config) {
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
    Target target;
    Access access = Access::none();
    bool forwarded = false;          // meant for a process
    std::string_view process;        // its id
    bool authorization_used = false; // Authorization was meant for Gangway
};

Connection::Connection(Context& context, ClientSocket socket, std::optional<uid_t> peer_uid)
    : context_(context),
      stream_(std::move(socket)),
      answering_(stream_, context.config.client_timeout, context.statistics, context.draining),
      own_endpoints_(context, stream_, answering_),
      peer_uid_(peer_uid),
      exchange_(stream_.get_executor(), [this] { stream_.cancel(); }),
      last_process_(context.pool) {}

awaitable<void> Connection::run() {
    const auto self = shared_from_this();
    // A client that has gone needs no answer: the process is free for others at once.
    stream_.on_hangup([this] {
        record_.report.client_gone = true;
        interrupt(forward::Cut::client_gone);
    });
    stream_.on_idle([this] { last_process_.forget(); });
    for (bool again = true; again;) {
        prepare();
        const error_code ec = co_await stream_.read_head(*parser_, context_.config.max_header_bytes,
                                                         context_.config.client_timeout);
        waiting_ = false;
        record_.report.received = Clock::now();
        if (ec) {
            co_await refuse_head(ec);
            break;
        }
        stream_.attend(true, record_.report.received);
        Request request;
        if (const auto problem = understand(request)) {
            again = co_await answering_.send(*problem);
        } else if (request.forwarded) {
            again = co_await forward(request);
        } else {
            const Asked what = asked(request);
            again = co_await own_endpoints_.answer(what);
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
    own_endpoints_.drain();
}

void Connection::abort() {
    interrupt(forward::Cut::shutting_down);
    stream_.close();
}

void Connection::interrupt(forward::Cut reason) {
    exchange_.cut(reason);
    own_endpoints_.interrupt();
}

void Connection::prepare() {
    parser_.emplace(head_);
    answering_.begin(*parser_, head_);
    record_ = {};
    record_.uid = peer_uid_;
    waiting_ = true;
}

// Where there is something to be told: not to a client that has just left, or sent nothing.
awaitable<void> Connection::refuse_head(error_code ec) {
    if (message::is_message_error(ec) || (ec == net::error::timed_out && stream_.has_input())) {
        const Problem problem = head_problem(ec, context_.config.max_header_bytes);
        co_await answering_.send(problem);
        record();
    }
}

Asked Connection::asked(const Request& request) {
    return {request.target, request.access, head_, *parser_};
}

std::optional<std::string_view> Connection::header(std::string_view name) const {
    return head_.fields.find(name);
}

Credentials Connection::credentials(bool forwarded) const {
    Credentials result{peer_uid_, header("X-Passenger-Connect-Password"), header("Authorization")};
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
    if (const auto name = forward::repeated_steering(head_.fields); !name.empty()) {
        return Problem{Code::bad_header, std::string(name) + " is given twice."};
    }
    if (head_.fields.count("Authorization") > 1) {
        return Problem{Code::bad_header, "Authorization is given twice."};
    }
    const auto expect = header("Expect");
    if (expect && head_.version >= 11 &&
        (head_.fields.count("Expect") > 1 || !message::same_token(*expect, "100-continue"))) {
        return forward::expectation_failed();
    }
    return std::nullopt;
}

// Who asks comes before what is asked for: nobody learns anything without access.
std::optional<Problem> Connection::understand(Request& request) {
    record_.method = head_.method;
    record_.target = head_.target;
    if (context_.draining) {
        return forward::cut_problem(forward::Cut::shutting_down);
    }
    auto target = parse_target(head_.target);
    request.target = target ? std::move(*target) : Target{Endpoint::unknown, {}, {}, {}};
    const auto process = header("X-Passenger-Process");
    request.process = request.target.endpoint == Endpoint::forward ? request.target.subject
                                                                   : process.value_or("");
    request.forwarded = request.target.endpoint == Endpoint::forward ||
                        (request.target.endpoint == Endpoint::outside && process);

    const Credentials brought = credentials(request.forwarded);
    request.authorization_used = brought.authorization.has_value();
    request.access = authorize(brought, context_.accounts, context_.agent_uid);
    const bool admitted = context_.admission.admits(request.access);
    record_.as = admitted ? request.access.word() : Access::none().word();
    if (!admitted) {
        return Problem{Code::unauthorized,
                       "Send the password of a process in X-Passenger-Connect-Password, or an "
                       "account with Basic authentication."};
    }
    if (auto problem = check_head()) {
        return problem;
    }
    if (!target) {
        return Problem{
            Code::bad_request,
            "The request's target must be a path, which begins with '/', or an http URL."};
    }
    return request.forwarded ? std::nullopt : OwnEndpoints::check(asked(request));
}

std::variant<forward::Order, Problem> Connection::make_order(const Request& request) {
    if (!request.access.may_act()) {
        return Problem{Code::forbidden, "This account is read-only and sends no requests to "
                                        "processes; use a full administrator's account."};
    }
    auto steering = forward::parse_steering(head_.fields, bounds(context_.config));
    if (auto* problem = std::get_if<Problem>(&steering)) {
        return std::move(*problem);
    }
    const auto id = parse_process_id(request.process);
    auto process = id ? last_process_.find(request.process, *id) : nullptr;
    if (!process || !request.access.sees(process->identity())) {
        return process_not_found();
    }
    return forward::Order{std::move(process), request.target.forwarded,
                          std::string(request.target.authority),
                          std::get<forward::Steering>(steering), request.authorization_used};
}

awaitable<bool> Connection::forward(const Request& request) {
    auto made = make_order(request);
    if (const auto* problem = std::get_if<Problem>(&made)) {
        co_return co_await answering_.send(*problem);
    }
    auto& order = std::get<forward::Order>(made);
    record_.forwarded = true;
    exchange_.begin(order.steering.bounds, record_.report.received);
    const forward::Client client{stream_, *parser_, context_.config.client_timeout,
                                 context_.config.max_header_bytes};
    const forward::Surroundings surroundings{context_.in_flight, context_.config, exchange_, kept_,
                                             record_.report};
    const forward::Outcome outcome = co_await forward::forward(client, order, surroundings);
    exchange_.end();
    if (const auto* problem = std::get_if<Problem>(&outcome)) {
        co_return co_await answering_.send(*problem);
    }
    last_process_.keep(request.process, std::move(order.process));
    record_.status = record_.report.status; // Not from answering_.
    co_return std::get<forward::Done>(outcome).keep_alive && !context_.draining;
}

void Connection::record() {
    const Answering::Told& told = answering_.told();
    if (told.status != 0) {
        record_.status = told.status;
        record_.answer_bytes = told.body_bytes;
        record_.code = told.code;
    }
    Statistics& statistics = context_.statistics;
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
    const bool query = context_.config.access_log_query;
    switch (context_.config.access_log) {
    case config::AccessLogFormat::off:
        break;
    case config::AccessLogFormat::text:
        context_.log.notice(access_line_text(record_, Clock::now(), query));
        break;
    case config::AccessLogFormat::json:
        context_.log.notice(access_line_json(record_, Clock::now(), query));
        break;
    }
}

} // namespace gangway::admin
