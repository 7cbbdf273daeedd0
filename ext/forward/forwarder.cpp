#include "forward/forwarder.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "forward/problems.hpp"
#include "forward/request_encoder.hpp"
#include "forward/tunnel.hpp"
#include "forward/upload.hpp"
#include "forward/upstream.hpp"
#include "message/rules.hpp"
#include "module/send.hpp"

namespace gangway::forward {

namespace {

using admin::Code;
using admin::Problem;
using pool::view;
using Clock = Report::Clock;

constexpr std::string_view server_software = "Gangway/" GANGWAY_VERSION;

// The process may be asked again without harm, should it not have heard the first time
// (RFC 9110, 9.2.1).
bool is_safe(const message::Head& request) {
    return request.is_method("GET") || request.is_method("HEAD") || request.is_method("OPTIONS") ||
           request.is_method("TRACE");
}

bool has_refused(const Outcome& outcome) {
    const auto* problem = std::get_if<Problem>(&outcome);
    return problem != nullptr && problem->code == Code::connect_failed;
}

bool has_closed(error_code ec) {
    return ec == http::error::end_of_stream || ec == http::error::partial_message ||
           ec == net::error::connection_reset || ec == net::error::broken_pipe ||
           ec == net::error::eof || ec == net::error::not_connected;
}

class Forwarder {
  public:
    Forwarder(Client client, Order order, Surroundings surroundings)
        : client_(client),
          order_(std::move(order)),
          around_(surroundings),
          exchange_(surroundings.exchange),
          report_(surroundings.report),
          spool_(surroundings.config.spool_directory) {
        body_.chunked = client_.parser.chunked();
        body_.length = client_.parser.length();
        upgrade_ = message::asks_for_upgrade(request()) && wanted() != Route::direct;
        report_.pid = identity().pid;
    }

    awaitable<Outcome> run() {
        auto entered =
            around_.in_flight.enter(view(identity().gupid), request().method, order_.target);
        if (auto* problem = std::get_if<Problem>(&entered)) {
            co_return std::move(*problem);
        }
        auto& ticket = std::get<InFlight::Ticket>(entered);
        if (needs_length()) {
            if (auto outcome = co_await spool_body()) {
                co_return std::move(*outcome);
            }
        }
        wait_end_ = Clock::now() + order_.steering.bounds.wait;
        for (;;) {
            std::optional<Upstream> upstream;
            auto problem = co_await reach(upstream);
            if (exchange_.is_cut()) {
                co_return cut_outcome();
            }
            if (problem) {
                co_return std::move(*problem);
            }
            ticket.now_serving();
            auto outcome = co_await attempt(*upstream);
            if (outcome) {
                if (report_.retries > 0 && has_refused(*outcome)) {
                    outcome = worker_closed(); // It had a connection, and has died since.
                }
                co_return std::move(*outcome);
            }
            // The connection had gone stale before the process heard of this request: again.
            report_.retries++;
        }
    }

  private:
    // Gets hold of the process, one way or the other, unless the exchange is cut meanwhile.
    awaitable<std::optional<Problem>> reach(std::optional<Upstream>& upstream);
    std::optional<Problem> open_session(std::optional<Upstream>& upstream, bool& busy);
    // What the pool would say, for the way around it.
    std::optional<Problem> check_state() const;
    Problem busy_problem() const;

    // The session protocol tells a body's length ahead of it, as CGI does.
    bool needs_length() const;
    // Nothing: go on.
    awaitable<std::optional<Outcome>> spool_body();

    // Nothing: try again with another connection.
    awaitable<std::optional<Outcome>> attempt(Upstream& upstream);
    awaitable<std::optional<Outcome>> converse(Upstream& upstream);
    // The number of bytes that could be sent.
    awaitable<std::size_t> send_head(Upstream& upstream);
    std::string encode_head(const Upstream& upstream) const;
    // When it is ours to say (docs/forwarding.md, "Expect").
    awaitable<void> send_continue();
    awaitable<std::optional<Outcome>> receive(Upstream& upstream, Upload& upload);
    awaitable<Outcome> relay(Upstream& upstream, Download& download, Upload& upload);
    bool can_keep(const Upstream& upstream, const Download& download, const Upload& upload) const;
    std::optional<Outcome> explain(error_code ec, const Upstream& upstream,
                                   const Download& download, const Upload& upload) const;
    // Why there is no answer, when the exchange was cut.
    Outcome cut_outcome() const;

    const gangway_process_identity& identity() const { return order_.process->identity(); }
    const message::Head& request() const { return client_.head(); }
    Route wanted() const { return order_.steering.route; }

    Client client_;
    Order order_;
    Surroundings around_;
    Exchange& exchange_;
    Report& report_;
    Body body_;
    Spool spool_;
    bool spooled_ = false;
    bool continued_ = false; // 100 was sent
    bool upgrade_ = false;
    Clock::time_point wait_end_;
};

Outcome Forwarder::cut_outcome() const {
    if (exchange_.cut() == Cut::client_gone) {
        return Done{false};
    }
    return cut_problem(exchange_.cut());
}

bool Forwarder::needs_length() const {
    return body_.chunked && identity().protocol == GANGWAY_PROTOCOL_SESSION &&
           wanted() != Route::direct;
}

// Before there is a session: the process is not held up by a slow client.
awaitable<std::optional<Outcome>> Forwarder::spool_body() {
    co_await send_continue();
    for (;;) {
        std::string_view piece;
        const error_code ec = co_await client_.stream.read_piece(
            client_.parser, client_.max_header_bytes, client_.timeout, piece);
        if (exchange_.is_cut()) {
            co_return cut_outcome();
        }
        if (ec == net::error::timed_out) {
            co_return Outcome(late_body());
        }
        if (ec && message::is_message_error(ec)) {
            co_return Outcome(bad_body(ec));
        }
        if (ec) {
            report_.client_gone = true;
            co_return Outcome(Done{false});
        }
        if (piece.empty()) {
            break;
        }
        if (spool_.size() + piece.size() > around_.config.max_spool_bytes) {
            co_return Outcome(body_too_large(around_.config.max_spool_bytes));
        }
        if (!spool_.append(piece)) {
            co_return Outcome(spool_failed(spool_.error()));
        }
    }
    body_ = {false, spool_.size(), true};
    spooled_ = true;
    co_return std::nullopt;
}

awaitable<std::optional<Problem>> Forwarder::reach(std::optional<Upstream>& upstream) {
    bool busy = false;
    for (unsigned attempt = 1;; attempt++) {
        const bool time_is_up = Clock::now() >= wait_end_;
        switch (next_step({wanted(), !body_.empty() || upgrade_, identity().debug_address.size > 0,
                           busy, time_is_up})) {
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
            co_return route_unavailable(!body_.empty());
        case Step::busy:
            co_return busy_problem();
        case Step::pause:
            busy = false;
            if (!co_await exchange_.pause(pause_before(attempt))) {
                co_return std::nullopt;
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
        return could_not_open_session();
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
        problem.busy = Problem::Busy{state.sessions, state.last_used_usec,
                                     around_.in_flight.requests_to(view(identity().gupid))};
    }
    return problem;
}

awaitable<std::optional<Outcome>> Forwarder::attempt(Upstream& upstream) {
    const Exchange::UpstreamInUse in_use(exchange_, upstream);
    report_.session = Clock::now();
    report_.route = upstream.is_direct() ? "direct" : "pool";
    if (auto problem = co_await upstream.connect(exchange_)) {
        co_return Outcome(std::move(*problem));
    }
    if (exchange_.is_cut()) {
        co_return cut_outcome();
    }
    report_.connected = Clock::now();
    if (upstream.reused() && upstream.has_input()) {
        // What is there answers nothing that was asked (RFC 9112, 9.3); or the process has closed
        // it.
        co_return std::nullopt;
    }
    co_return co_await converse(upstream);
}

awaitable<std::optional<Outcome>> Forwarder::converse(Upstream& upstream) {
    exchange_.enter(Phase::sending);
    const std::size_t sent = co_await send_head(upstream);
    if (sent == 0 && upstream.reused() && !exchange_.is_cut()) {
        co_return std::nullopt; // The process had closed this connection and heard nothing.
    }
    // Where only part was sent, the answer, if there is any, tells more than the error does.
    const UploadSource source{client_, body_, spooled_ ? &spool_ : nullptr};
    Upload upload(source, upstream, exchange_, report_);
    if (body_.empty()) {
        exchange_.request_sent();
    } else {
        if (upstream.protocol() == GANGWAY_PROTOCOL_SESSION) {
            co_await send_continue();
        }
        upload.start();
    }
    std::optional<Outcome> outcome;
    std::exception_ptr failure;
    try {
        outcome = co_await receive(upstream, upload);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await upload.stop(); // Before anything that it uses goes away.
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (outcome && std::holds_alternative<Done>(*outcome) && !client_.parser.is_done()) {
        std::get<Done>(*outcome).keep_alive = false; // The rest of the body stands in the way.
    }
    co_return outcome;
}

std::string Forwarder::encode_head(const Upstream& upstream) const {
    const bool session = upstream.protocol() == GANGWAY_PROTOCOL_SESSION;
    const bool http = !session && !upstream.is_direct();
    const bool trailers = http && body_.chunked;
    const bool expects = http && !body_.empty() && request().version >= 11;
    const std::string_view host =
        order_.host.empty() ? request().fields.find("Host").value_or("") : order_.host;
    const Request encoded{
        request().method,
        order_.target,
        host,
        view(identity().base_uri),
        request_headers(request().fields,
                        {order_.drop_authorization, expects, trailers, order_.host}),
        body_,
        upgrade_ ? request().fields.find("Upgrade").value_or("") : std::string_view(),
        view(identity().password)};
    if (upstream.is_direct()) {
        return encode_debug_request(encoded);
    }
    return session ? encode_session_request(encoded, server_software)
                   : encode_http_request(encoded);
}

awaitable<std::size_t> Forwarder::send_head(Upstream& upstream) {
    const std::string head = encode_head(upstream);
    const std::array<net::const_buffer, 1> buffers{net::buffer(head)};
    const Sent sent = co_await send_all(upstream.socket(), buffers);
    co_return sent.bytes;
}

awaitable<void> Forwarder::send_continue() {
    if (continued_ || request().version < 11 || !request().fields.find("Expect")) {
        co_return;
    }
    continued_ = true;
    constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    const std::array<net::const_buffer, 1> buffers{net::buffer(text.data(), text.size())};
    co_await client_.stream.write(buffers, client_.timeout);
}

awaitable<std::optional<Outcome>> Forwarder::receive(Upstream& upstream, Upload& upload) {
    Download download(client_, upstream, exchange_, report_, around_.kept, upgrade_);
    if (const error_code ec = co_await download.read_head()) {
        co_return explain(ec, upstream, download, upload);
    }
    co_return co_await relay(upstream, download, upload);
}

awaitable<Outcome> Forwarder::relay(Upstream& upstream, Download& download, Upload& upload) {
    const std::string process =
        std::to_string(identity().pid) + " " + std::string(view(identity().gupid));
    const std::function<void()> received = [&] {
        if (upload.ended() && !download.upgraded()) {
            upstream.finish(true, can_keep(upstream, download, upload));
        }
    };
    bool whole = co_await download.relay(process, received);
    if (whole && download.upgraded()) {
        report_.upgraded = true;
        Tunnel tunnel(client_, upstream, exchange_, report_, around_.kept.buffer);
        whole = co_await tunnel.run();
    }
    co_await upload.stop();
    upstream.finish(whole, whole && can_keep(upstream, download, upload));
    report_.broken = !whole;
    co_return Done{whole && download.client_keep_alive()};
}

// Whether Passenger may use the connection again. As Passenger does, one of the session protocol is
// kept only where no body was sent.
bool Forwarder::can_keep(const Upstream& upstream, const Download& download,
                         const Upload& upload) const {
    const bool request_over =
        body_.empty() || (upstream.protocol() == GANGWAY_PROTOCOL_HTTP && upload.complete());
    return request_over && !upgrade_ && download.upstream_keep_alive();
}

// Why there is no answer. Nothing: a stale connection, so try again.
std::optional<Outcome> Forwarder::explain(error_code ec, const Upstream& upstream,
                                          const Download& download, const Upload& upload) const {
    if (exchange_.is_cut()) {
        return cut_outcome();
    }
    const error_code client_error = upload.client_error();
    if (client_error == net::error::timed_out) {
        return late_body();
    }
    if (client_error && spooled_) {
        return spool_failed(client_error);
    }
    if (client_error && message::is_message_error(client_error)) {
        return bad_body(client_error);
    }
    if (client_error) {
        report_.client_gone = true;
        return Done{false};
    }
    if (!has_closed(ec)) {
        return bad_response(download.complaint().empty() ? ec.message() : download.complaint());
    }
    if (upstream.reused() && !download.begun() && body_.empty() && is_safe(request())) {
        return std::nullopt;
    }
    return worker_closed();
}

} // namespace

awaitable<Outcome> forward(Client client, Order order, Surroundings surroundings) {
    Forwarder forwarder(client, std::move(order), surroundings);
    co_return co_await forwarder.run();
}

} // namespace gangway::forward
