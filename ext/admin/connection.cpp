#include "admin/connection.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "admin/listing.hpp"

namespace gangway::admin {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view problem_type = "application/problem+json";

// After an answer that leaves some of a body unread: a close would make the kernel throw the answer
// away before the client has read it.
constexpr milliseconds linger_time{2000};

std::string_view view(beast::string_view str) {
    return {str.data(), str.size()};
}

std::optional<milliseconds> parse_seconds(std::string_view text, bool zero_allowed,
                                          double highest) {
    double seconds = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds) ||
        seconds < 0 || seconds > highest || (!zero_allowed && seconds < 0.001)) {
        return std::nullopt;
    }
    return milliseconds(std::llround(seconds * 1000));
}

Problem header_problem(error_code ec, std::uint32_t max_header_bytes) {
    if (ec == net::error::timed_out) {
        return {Code::request_timeout, "The request did not arrive in time."};
    }
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
        return {Code::header_too_large, "Request line and headers exceed " +
                                            std::to_string(max_header_bytes) +
                                            " bytes (max_header_bytes)."};
    }
    return {Code::bad_request, "The request is not well-formed HTTP: " + ec.message() + "."};
}

bool is_http_error(error_code ec) {
    return ec.category() == http::make_error_code(http::error::bad_method).category() &&
           ec != http::error::end_of_stream && ec != http::error::partial_message;
}

} // namespace

struct Connection::Request {
    Target target;
    Access access = Access::none();
    bool forwarded = false;          // meant for a process
    std::string_view process;        // its id
    bool authorization_used = false; // Authorization was meant for Gangway
};

Connection::Connection(Context& context, net::local::stream_protocol::socket socket,
                       std::optional<uid_t> peer_uid)
    : context_(context), stream_(std::move(socket)), peer_uid_(peer_uid) {}

net::awaitable<void> Connection::run() {
    const auto self = shared_from_this();
    for (;;) {
        if (!co_await read_header()) {
            break;
        }
        if (!co_await answer()) {
            break;
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
    if (exchange_) {
        exchange_->abort();
    }
    stream_.close();
}

// False when there is no request to answer.
net::awaitable<bool> Connection::read_header() {
    parser_.emplace();
    parser_->body_limit(boost::none);
    waiting_ = true;
    const error_code ec = co_await stream_.read_header(
        buffer_, *parser_, context_.config.max_header_bytes, context_.config.client_timeout);
    waiting_ = false;
    if (!ec) {
        co_return true;
    }
    const bool begun = parser_->got_some() || buffer_.size() > 0;
    if (is_http_error(ec) || (ec == net::error::timed_out && begun)) {
        const Problem problem = header_problem(ec, context_.config.max_header_bytes);
        co_await send(problem);
    }
    co_return false;
}

// False when the connection cannot take another request.
net::awaitable<bool> Connection::answer() {
    if (context_.draining) {
        const Problem problem{Code::shutting_down, "The agent is exiting."};
        co_return co_await send(problem);
    }
    Request request;
    if (auto problem = understand(request)) {
        co_return co_await send(*problem);
    }
    if (request.forwarded) {
        co_return co_await answer_forward(request);
    }
    co_return co_await answer_listing(request);
}

std::optional<std::string_view> Connection::header(std::string_view name) const {
    const auto& fields = parser_->get();
    const auto found = fields.find(beast::string_view(name.data(), name.size()));
    return found == fields.end() ? std::nullopt : std::optional(view(found->value()));
}

Credentials Connection::credentials(bool forwarded) const {
    Credentials result{peer_uid_, header("X-Passenger-Connect-Password"), header("Authorization")};
    if (forwarded && result.authorization &&
        !is_for_gangway(*result.authorization, context_.accounts)) {
        result.authorization.reset();
    }
    return result;
}

// What Beast lets through and nobody should.
std::optional<Problem> Connection::check_request() const {
    const auto& message = parser_->get();
    constexpr std::array<const char*, 6> once{"Authorization",       "X-Passenger-Connect-Password",
                                              "X-Passenger-Process", "X-Gangway-Route",
                                              "X-Gangway-Wait",      "X-Gangway-Timeout"};
    for (const char* name : once) {
        if (message.count(name) > 1) {
            return Problem{Code::bad_header, std::string(name) + " is given twice."};
        }
    }
    // RFC 9112, 6.3: with any other coding the length of the body is not known.
    const bool coded = message.count(http::field::transfer_encoding) > 0;
    if (coded && (message.version() < 11 || message.count(http::field::transfer_encoding) > 1 ||
                  !beast::iequals(message[http::field::transfer_encoding], "chunked"))) {
        return Problem{Code::bad_request,
                       "The only Transfer-Encoding that is understood is chunked."};
    }
    // Passenger's own requests to its processes (request_handler/thread_handler.rb,
    // wsgi-loader.py).
    const auto method = message.method_string();
    if (beast::iequals(method, "PING") || beast::iequals(method, "OOBW")) {
        return Problem{Code::bad_request, "The methods PING and OOBW are Passenger's own."};
    }
    return std::nullopt;
}

// Who asks comes before what is asked for: nobody learns anything without access.
std::optional<Problem> Connection::understand(Request& request) {
    const auto& message = parser_->get();
    auto target = parse_target(view(message.target()));
    request.target = target ? std::move(*target) : Target{Endpoint::unknown, {}, {}, {}};
    const auto process = header("X-Passenger-Process");
    request.process = request.target.endpoint == Endpoint::forward ? request.target.subject
                                                                   : process.value_or("");
    request.forwarded = request.target.endpoint == Endpoint::forward ||
                        (request.target.endpoint == Endpoint::outside && process);

    const Credentials brought = credentials(request.forwarded);
    request.authorization_used = brought.authorization.has_value();
    request.access = authorize(brought, context_.accounts, context_.agent_uid);
    if (!context_.admission.admits(request.access)) {
        return Problem{Code::unauthorized,
                       "Send the password of a process in X-Passenger-Connect-Password, or an "
                       "account with Basic authentication."};
    }
    if (auto problem = check_request()) {
        return problem;
    }
    if (!target) {
        return Problem{Code::bad_request, "The request's target must begin with '/'."};
    }
    if (request.forwarded) {
        return std::nullopt;
    }
    if (request.target.endpoint == Endpoint::unknown ||
        request.target.endpoint == Endpoint::outside) {
        return Problem{Code::not_found,
                       "There is no such endpoint in the API. To send a request with "
                       "this path to a process, add X-Passenger-Process."};
    }
    if (message.method() != http::verb::get && message.method() != http::verb::head) {
        return Problem{Code::method_not_allowed, "This endpoint has GET and HEAD only."};
    }
    if (parser_->chunked() || parser_->content_length().value_or(0) > 0) {
        return Problem{Code::body_not_allowed, "Only forwarded requests may have a body."};
    }
    return std::nullopt;
}

net::awaitable<bool> Connection::answer_listing(const Request& request) {
    const auto snapshot = context_.pool.snapshot();
    if (!snapshot) {
        const Problem problem{Code::internal_error,
                              "The agent could not copy the pool; its log says why."};
        co_return co_await send(problem);
    }
    const Answer answer =
        list(request.target, request.access, *snapshot, context_.passenger_version);
    if (const auto* problem = std::get_if<Problem>(&answer)) {
        co_return co_await send(*problem);
    }
    const std::string& document = std::get<std::string>(answer);
    co_return co_await send(200, json_type, document, {}, true);
}

std::variant<forward::Order, Problem> Connection::make_order(const Request& request) {
    const auto& config = context_.config;
    if (!request.access.may_act()) {
        return Problem{Code::forbidden, "This account is read-only and sends no requests to "
                                        "processes; use a full administrator's account."};
    }
    forward::Order order{nullptr,
                         request.target.forwarded,
                         forward::Route::automatic,
                         config.wait,
                         config.connect_timeout,
                         config.idle_timeout,
                         request.authorization_used,
                         config.max_header_bytes};
    if (const auto text = header("X-Gangway-Route")) {
        const auto route = forward::parse_route(*text);
        if (!route) {
            return Problem{Code::bad_header, "X-Gangway-Route must be auto, pool or direct."};
        }
        order.route = *route;
    }
    if (const auto text = header("X-Gangway-Wait")) {
        const auto wait = parse_seconds(*text, true, 3600);
        if (!wait) {
            return Problem{Code::bad_header,
                           "X-Gangway-Wait must be a number of seconds from 0 to 3600."};
        }
        order.wait = *wait;
    }
    if (const auto text = header("X-Gangway-Timeout")) {
        const auto silence = parse_seconds(*text, false, 86400);
        if (!silence) {
            return Problem{Code::bad_header, "X-Gangway-Timeout must be a number of seconds above "
                                             "0 and at most 86400."};
        }
        order.silence = *silence;
    }
    const auto id = parse_process_id(request.process);
    order.process = id ? context_.pool.find(*id) : nullptr;
    if (!order.process || !request.access.sees(order.process->identity())) {
        return process_not_found();
    }
    return order;
}

net::awaitable<bool> Connection::answer_forward(const Request& request) {
    auto made = make_order(request);
    if (const auto* problem = std::get_if<Problem>(&made)) {
        co_return co_await send(*problem);
    }
    exchange_.emplace(stream_.get_executor());
    const forward::Client client{stream_, buffer_, *parser_, context_.config.client_timeout};
    const forward::Outcome outcome =
        co_await forward::forward(client, std::get<forward::Order>(std::move(made)), *exchange_);
    exchange_.reset();
    if (const auto* problem = std::get_if<Problem>(&outcome)) {
        co_return co_await send(*problem);
    }
    co_return std::get<forward::Done>(outcome).keep_alive;
}

net::awaitable<bool> Connection::send(const Problem& problem) {
    std::string more = "X-Gangway-Error: " + std::string(name(problem.code)) + "\r\n";
    if (problem.code == Code::unauthorized) {
        more += "WWW-Authenticate: Basic realm=\"gangway\"\r\n";
    } else if (problem.code == Code::method_not_allowed) {
        more += "Allow: GET, HEAD\r\n";
    }
    const std::string body = to_json(problem);
    // What was not understood may not end where it seems to.
    const bool keep = problem.code != Code::bad_request;
    co_return co_await send(status(problem.code), problem_type, body, more, keep);
}

net::awaitable<bool> Connection::send(unsigned status, std::string_view content_type,
                                      const std::string& body, std::string_view more_headers,
                                      bool may_keep_alive) {
    const auto& request = parser_->get();
    const bool whole_request_read =
        parser_->is_header_done() &&
        (parser_->is_done() || (!parser_->chunked() && parser_->content_length().value_or(0) == 0));
    const bool keep_alive = may_keep_alive && whole_request_read && request.version() >= 11 &&
                            request.keep_alive() && !context_.draining;
    const auto reason = http::obsolete_reason(static_cast<http::status>(status));

    std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
    text.append(reason.data(), reason.size());
    text += "\r\nContent-Type: ";
    text += content_type;
    text +=
        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nCache-Control: no-store\r\n";
    text += more_headers;
    text += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
    if (request.method() != http::verb::head) {
        text += body;
    }
    const std::array<net::const_buffer, 1> buffers{net::buffer(text)};
    const error_code ec = co_await stream_.write(buffers, context_.config.client_timeout);
    co_return !ec && keep_alive;
}

} // namespace gangway::admin
