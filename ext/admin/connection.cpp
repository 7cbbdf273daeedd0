#include "admin/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "admin/listing.hpp"
#include "forward/problems.hpp"
#include "message/read.hpp"
#include "message/rules.hpp"

namespace gangway::admin {

namespace {

using std::chrono::milliseconds;
using Clock = forward::Report::Clock;

constexpr std::string_view json_type = "application/json";
// Of a request that is not forwarded: ten thousand gupids fit.
constexpr std::size_t max_own_body_bytes = 512 * 1024;

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
      health_(context, answering_, stream_.get_executor()),
      peer_uid_(peer_uid),
      exchange_(stream_.get_executor(), [this] { stream_.cancel(); }) {}

awaitable<void> Connection::run() {
    const auto self = shared_from_this();
    // A client that has gone needs no answer: the process is free for others at once.
    stream_.on_hangup([this] {
        record_.report.client_gone = true;
        exchange_.cut(forward::Cut::client_gone);
        health_.interrupt();
    });
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
            again = co_await answer(request);
        }
        stream_.attend(false, {});
        record();
        if (again) {
            stream_.give_back_memory();
            kept_.give_back_memory();
        }
    }
    co_await stream_.linger(linger_time);
}

void Connection::drain() {
    if (waiting_) {
        stream_.cancel();
    }
}

void Connection::abort() {
    exchange_.cut(forward::Cut::shutting_down);
    health_.interrupt();
    stream_.close();
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
    for (const std::string_view name : forward::steering_headers) {
        if (head_.fields.count(name) > 1) {
            return Problem{Code::bad_header, std::string(name) + " is given twice."};
        }
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
    return request.forwarded ? std::nullopt : check_endpoint(request);
}

std::optional<Problem> Connection::check_endpoint(const Request& request) const {
    if (head_.target == "*") {
        return std::nullopt;
    }
    if (request.target.endpoint == Endpoint::unknown ||
        request.target.endpoint == Endpoint::outside) {
        return Problem{Code::not_found,
                       "There is no such endpoint in the API. To send a request with "
                       "this path to a process, add X-Passenger-Process."};
    }
    if (request.target.endpoint == Endpoint::health && head_.is_method("POST")) {
        return std::nullopt;
    }
    if (!head_.is_method("GET") && !head_.is_method("HEAD")) {
        Problem problem{Code::method_not_allowed, "This endpoint has GET and HEAD only."};
        if (request.target.endpoint == Endpoint::health) {
            problem.allow = "GET, HEAD, POST";
            problem.detail = "This endpoint has GET, HEAD and POST only.";
        }
        return problem;
    }
    if (parser_->chunked() || parser_->length().value_or(0) > 0) {
        return Problem{Code::body_not_allowed, "Only forwarded requests may have a body."};
    }
    return std::nullopt;
}

awaitable<bool> Connection::answer(const Request& request) {
    if (head_.target == "*") {
        co_return co_await answer_asterisk();
    }
    if (request.target.endpoint == Endpoint::process_health ||
        request.target.endpoint == Endpoint::health) {
        co_return co_await answer_health(request);
    }
    const auto snapshot = context_.pool.snapshot();
    if (!snapshot) {
        const Problem problem{Code::internal_error,
                              "The agent could not copy the pool; its log says why."};
        co_return co_await answering_.send(problem);
    }
    const Self self{context_.passenger_version, context_.statistics, context_.config,
                    context_.in_flight.size()};
    auto document = list(request.target, request.access, *snapshot, self);
    if (const auto* problem = std::get_if<Problem>(&document)) {
        co_return co_await answering_.send(*problem);
    }
    const Answer answer{200, json_type, std::get<std::string>(std::move(document))};
    co_return co_await answering_.send(answer);
}

awaitable<bool> Connection::answer_health(const Request& request) {
    if (!request.access.may_act()) {
        const Problem problem{Code::forbidden, "This account is read-only and has no process "
                                               "checked; use a full administrator's account."};
        co_return co_await answering_.send(problem);
    }
    if (request.target.endpoint == Endpoint::process_health) {
        co_return co_await health_.one(request.target.subject, request.target.query,
                                       request.access);
    }
    if (const auto problem = co_await read_body()) {
        co_return co_await answering_.send(*problem);
    }
    if (!request.target.query.empty()) {
        const Problem problem{Code::bad_parameter, "This endpoint has no parameters for POST; what "
                                                   "is checked, and how, its body says."};
        co_return co_await answering_.send(problem);
    }
    const bool as_lines = head_.fields.lists("Accept", "application/x-ndjson");
    co_return co_await health_.many(body_, request.access, as_lines);
}

awaitable<std::optional<Problem>> Connection::read_body() {
    body_.clear();
    if (head_.fields.find("Expect") && head_.version >= 11) {
        constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
        const std::array<net::const_buffer, 1> buffers{net::buffer(text.data(), text.size())};
        Pieces pieces(buffers);
        co_await stream_.write(pieces, context_.config.client_timeout);
    }
    for (;;) {
        std::string_view piece;
        const error_code ec = co_await stream_.read_piece(
            *parser_, context_.config.max_header_bytes, context_.config.client_timeout, piece);
        if (ec == net::error::timed_out) {
            co_return forward::late_body();
        }
        if (ec) {
            co_return forward::bad_body(ec);
        }
        if (piece.empty()) {
            co_return std::nullopt;
        }
        if (body_.size() + piece.size() > max_own_body_bytes) {
            co_return Problem{Code::body_too_large, "The body of this request may have 512 KiB."};
        }
        body_ += piece;
    }
}

// OPTIONS *: about the server as a whole (RFC 9110, 9.3.7).
awaitable<bool> Connection::answer_asterisk() {
    const Answer answer{204, {}, {}, "Allow: GET, HEAD, OPTIONS\r\n"};
    co_return co_await answering_.send(answer);
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
    auto process = id ? context_.pool.find(*id) : nullptr;
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
