#include "forward/forwarder.hpp"

#include <array>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>

#include "forward/download.hpp"
#include "forward/request_encoder.hpp"
#include "forward/silence_watch.hpp"
#include "forward/upload.hpp"
#include "forward/upstream.hpp"

namespace gangway::forward {

namespace {

using admin::Code;
using admin::Problem;
using pool::view;

constexpr std::string_view server_software = "Gangway/" GANGWAY_VERSION;

// The process may be asked again without harm, should it not have heard the first time
// (RFC 9110, 9.2.1).
bool is_safe(http::verb method) {
    return method == http::verb::get || method == http::verb::head ||
           method == http::verb::options || method == http::verb::trace;
}

Problem shutting_down() {
    return {Code::shutting_down, "The agent is exiting."};
}

Problem worker_closed() {
    return {Code::worker_closed,
            "The process closed the connection before it answered: it died, or "
            "its application broke off; see Passenger's log."};
}

bool has_refused(const Outcome& outcome) {
    const auto* problem = std::get_if<Problem>(&outcome);
    return problem != nullptr && problem->code == Code::connect_failed;
}

Problem not_routable() {
    return {
        Code::process_not_routable,
        "The process is disabled, detached or shutting down, or has no socket for requests; GET "
        "/v1/processes shows its state."};
}

Problem route_unavailable(bool no_body) {
    return {Code::route_unavailable,
            no_body ? "This process has no debug socket (only Ruby processes have); use the route "
                      "pool or auto."
                    : "The debug socket takes no request with a body; use the route pool or auto."};
}

class Forwarder {
  public:
    Forwarder(Client client, Order order, Exchange& exchange)
        : client_(client), order_(std::move(order)), exchange_(exchange) {
        const auto& parser = client_.parser;
        body_.chunked = parser.chunked();
        if (const auto length = parser.content_length()) {
            body_.length = *length;
        }
    }

    net::awaitable<Outcome> run() {
        const auto deadline = std::chrono::steady_clock::now() + order_.wait;
        // A client that has gone needs no answer: the process is free for others at once.
        const ClientStream::HangupWatch watch(client_.stream, [this] { exchange_.abort(); });
        for (bool again = false;; again = true) {
            std::optional<Upstream> upstream;
            if (auto problem = co_await reach(upstream, deadline)) {
                co_return std::move(*problem);
            }
            const Exchange::UpstreamInUse in_use(exchange_, *upstream);
            auto outcome = co_await attempt(*upstream);
            if (outcome) {
                if (again && has_refused(*outcome)) {
                    outcome = worker_closed(); // It had a connection, and has died since.
                }
                co_return std::move(*outcome);
            }
            // The connection had gone stale before the process heard of this request: again.
        }
    }

  private:
    // Gets hold of the process, one way or the other.
    net::awaitable<std::optional<Problem>> reach(std::optional<Upstream>& upstream,
                                                 std::chrono::steady_clock::time_point deadline);
    std::optional<Problem> open_session(std::optional<Upstream>& upstream, bool& busy);
    // What the pool would say, for the way around it.
    std::optional<Problem> check_state() const;
    Problem busy_problem() const;

    // Nothing: try again with another connection.
    net::awaitable<std::optional<Outcome>> attempt(Upstream& upstream);
    net::awaitable<std::optional<Outcome>> exchange_with(Upstream& upstream, SilenceWatch& watch);
    // The number of bytes that could be sent.
    net::awaitable<std::size_t> send_head(Upstream& upstream);
    net::awaitable<void> send_continue();
    net::awaitable<std::optional<Outcome>> receive(Upstream& upstream, SilenceWatch& watch,
                                                   Upload& upload);
    bool can_keep(const Upstream& upstream, const Download& download, const Upload& upload) const;
    std::optional<Outcome> explain(error_code ec, const Upstream& upstream,
                                   const Download& download, const SilenceWatch& watch,
                                   const Upload& upload) const;

    const gangway_process_identity& identity() const { return order_.process->identity(); }

    Client client_;
    Order order_;
    Exchange& exchange_;
    Body body_;
};

net::awaitable<std::optional<Problem>>
Forwarder::reach(std::optional<Upstream>& upstream,
                 std::chrono::steady_clock::time_point deadline) {
    bool busy = false;
    for (unsigned attempt = 1;; attempt++) {
        const bool time_is_up = std::chrono::steady_clock::now() >= deadline;
        switch (next_step(
            {order_.route, !body_.empty(), identity().debug_address.size > 0, busy, time_is_up})) {
        case Step::open_session: {
            auto problem = open_session(upstream, busy);
            if (problem || !busy) {
                co_return problem;
            }
            break;
        }
        case Step::go_direct: {
            auto problem = check_state();
            if (!problem) {
                upstream.emplace(client_.stream.get_executor(), view(identity().debug_address),
                                 identity().pid);
            }
            co_return problem;
        }
        case Step::unavailable:
            co_return route_unavailable(body_.empty());
        case Step::busy:
            co_return busy_problem();
        case Step::pause:
            busy = false;
            if (!co_await exchange_.pause(pause_before(attempt))) {
                co_return shutting_down();
            }
            break;
        }
    }
}

std::optional<Problem> Forwarder::open_session(std::optional<Upstream>& upstream, bool& busy) {
    std::unique_ptr<pool::Session> session;
    switch (order_.process->open_session(session)) {
    case GANGWAY_OK:
        upstream.emplace(client_.stream.get_executor(), std::move(session));
        return std::nullopt;
    case GANGWAY_BUSY:
        busy = true;
        return std::nullopt;
    case GANGWAY_NOT_ROUTABLE:
        return not_routable();
    case GANGWAY_NOT_FOUND:
        return admin::process_not_found();
    default:
        return Problem{Code::internal_error,
                       "The agent could not open a session; its log says why."};
    }
}

std::optional<Problem> Forwarder::check_state() const {
    gangway_process_state state{};
    if (order_.process->state(state) != GANGWAY_OK) {
        return admin::process_not_found();
    }
    const bool routable =
        state.life == GANGWAY_PROCESS_ALIVE &&
        (state.enabled == GANGWAY_PROCESS_ENABLED || state.enabled == GANGWAY_PROCESS_DISABLING);
    return routable ? std::nullopt : std::optional(not_routable());
}

Problem Forwarder::busy_problem() const {
    Problem problem{
        Code::process_busy,
        "The process still serves other requests. Wait longer (X-Gangway-Wait), or look "
        "at what it does."};
    gangway_process_state state{};
    if (order_.process->state(state) == GANGWAY_OK) {
        problem.busy = Problem::Busy{state.sessions, state.last_used_usec};
    }
    return problem;
}

net::awaitable<std::optional<Outcome>> Forwarder::attempt(Upstream& upstream) {
    if (auto problem = co_await upstream.connect(exchange_, order_.connect_time)) {
        co_return Outcome(std::move(*problem));
    }
    SilenceWatch watch(client_.stream.get_executor(), order_.silence,
                       [&upstream] { upstream.cancel(); });
    co_return co_await exchange_with(upstream, watch);
}

net::awaitable<std::optional<Outcome>> Forwarder::exchange_with(Upstream& upstream,
                                                                SilenceWatch& watch) {
    const std::size_t sent = co_await send_head(upstream);
    if (sent == 0 && upstream.reused() && !watch.expired() && !exchange_.aborted()) {
        co_return std::nullopt; // The process had closed this connection and heard nothing.
    }
    // Where only part was sent, the answer, if there is any, tells more than the error does.
    Upload upload(client_, upstream, watch);
    if (!body_.empty()) {
        co_await send_continue();
        upload.start();
    }
    std::optional<Outcome> outcome;
    std::exception_ptr failure;
    try {
        outcome = co_await receive(upstream, watch, upload);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await upload.stop(); // Before anything that it uses goes away.
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (outcome && std::holds_alternative<Done>(*outcome) && !body_.empty() && !upload.complete()) {
        std::get<Done>(*outcome).keep_alive = false; // The rest of the body stands in the way.
    }
    co_return outcome;
}

net::awaitable<std::size_t> Forwarder::send_head(Upstream& upstream) {
    const auto& request = client_.parser.get();
    const auto text = [](auto str) { return std::string_view(str.data(), str.size()); };
    const Request encoded{text(request.method_string()),
                          order_.target,
                          text(request[http::field::host]),
                          request_headers(request, order_.drop_authorization),
                          body_,
                          view(identity().password)};
    const std::string head = upstream.is_direct() ? encode_debug_request(encoded)
                             : upstream.protocol() == GANGWAY_PROTOCOL_SESSION
                                 ? encode_session_request(encoded, server_software)
                                 : encode_http_request(encoded);
    const auto [ec, size] =
        co_await net::async_write(upstream.socket(), net::buffer(head), as_result);
    co_return size;
}

// Passenger answers it too, for processes that do not (CheckoutSession.cpp,
// maybeSend100Continue()).
net::awaitable<void> Forwarder::send_continue() {
    const auto& request = client_.parser.get();
    if (request.version() < 11 || !beast::iequals(request[http::field::expect], "100-continue")) {
        co_return;
    }
    constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    const std::array<net::const_buffer, 1> buffers{net::buffer(text.data(), text.size())};
    co_await client_.stream.write(buffers, client_.timeout);
}

net::awaitable<std::optional<Outcome>> Forwarder::receive(Upstream& upstream, SilenceWatch& watch,
                                                          Upload& upload) {
    Download download(client_, upstream, watch, order_.max_header_bytes);
    if (const error_code ec = co_await download.read_head()) {
        co_return explain(ec, upstream, download, watch, upload);
    }
    const std::string process =
        std::to_string(identity().pid) + " " + std::string(view(identity().gupid));
    const std::function<void()> received = [&] {
        if (upload.ended()) {
            upstream.finish(true, can_keep(upstream, download, upload));
        }
    };
    const bool whole =
        co_await download.relay(upstream.is_direct() ? "direct" : "pool", process, received);
    co_await upload.stop();
    upstream.finish(whole, whole && can_keep(upstream, download, upload));
    co_return Outcome(Done{whole && download.client_keep_alive()});
}

// Whether Passenger may use the connection again. As Passenger does, one of the session protocol is
// kept only where no body was sent.
bool Forwarder::can_keep(const Upstream& upstream, const Download& download,
                         const Upload& upload) const {
    const bool request_over =
        body_.empty() || (upstream.protocol() == GANGWAY_PROTOCOL_HTTP && upload.complete());
    return request_over && download.upstream_keep_alive();
}

// Why there is no answer. Nothing: a stale connection, so try again.
std::optional<Outcome> Forwarder::explain(error_code ec, const Upstream& upstream,
                                          const Download& download, const SilenceWatch& watch,
                                          const Upload& upload) const {
    if (exchange_.aborted()) {
        return shutting_down();
    }
    if (upload.client_error() == net::error::timed_out) {
        return Problem{Code::request_timeout, "The body of the request did not arrive in time."};
    }
    if (upload.client_error().category() ==
        http::make_error_code(http::error::bad_chunk).category()) {
        return Problem{Code::bad_request,
                       "The body of the request is broken: " + upload.client_error().message()};
    }
    if (upload.client_error()) {
        return Done{false};
    }
    if (watch.expired()) {
        return Problem{Code::worker_timeout,
                       "The process was silent for too long: it hangs, or needs "
                       "a longer X-Gangway-Timeout."};
    }
    const bool closed = ec == http::error::end_of_stream || ec == http::error::partial_message ||
                        ec == net::error::connection_reset || ec == net::error::broken_pipe ||
                        ec == net::error::eof;
    if (!closed) {
        return Problem{Code::bad_response,
                       "What the process sent is not an HTTP answer, or its header is too large: " +
                           ec.message() + "."};
    }
    if (upstream.reused() && !download.begun() && body_.empty() &&
        is_safe(client_.parser.get().method())) {
        return std::nullopt;
    }
    return worker_closed();
}

} // namespace

net::awaitable<Outcome> forward(Client client, Order order, Exchange& exchange) {
    Forwarder forwarder(client, std::move(order), exchange);
    co_return co_await forwarder.run();
}

} // namespace gangway::forward
