#include "forward/forwarder.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "forward/tunnel.hpp"
#include "forward/upload.hpp"
#include "message/rules.hpp"
#include "worker/problems.hpp"
#include "worker/request_encoder.hpp"
#include "worker/upstream.hpp"

namespace gangway::forward {

namespace {

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

// Of a process that is not there any more, or will not be.
bool has_left(const Outcome& outcome) {
    const auto* problem = std::get_if<Problem>(&outcome);
    return problem != nullptr && (problem->code == Code::process_not_found ||
                                  problem->code == Code::process_not_routable);
}

bool has_closed(error_code ec) {
    return ec == http::error::end_of_stream || ec == http::error::partial_message ||
           ec == net::error::connection_reset || ec == net::error::broken_pipe ||
           ec == net::error::eof || ec == net::error::not_connected;
}

class Forwarder {
  public:
    Forwarder(const Client& client, const Order& order, const Surroundings& surroundings)
        : client_(client),
          order_(order),
          around_(surroundings),
          exchange_(surroundings.exchange),
          report_(surroundings.report) {
        body_.chunked = client_.parser.chunked();
        body_.length = client_.parser.length();
        upgrade_ = message::asks_for_upgrade(request()) && wanted() != check::Route::direct;
        report_.pid = identity().pid;
    }

    std::variant<InFlight::Ticket, Problem> enter() {
        return around_.in_flight.enter(view(identity().gupid), request().method, order_.target,
                                       order_.whom);
    }
    // The session protocol tells a body's length ahead of it, as CGI does.
    bool needs_length() const;
    // Nothing: go on.
    awaitable<std::optional<Outcome>> spool_body();
    awaitable<void> drop_body();
    // Gets hold of the process, one way or the other. False: it is busy, so pause() and try again.
    bool reach(std::optional<worker::Upstream>& upstream, std::optional<Outcome>& outcome);
    awaitable<void> pause();
    // Nothing: the connection had gone stale before the process heard of this request: again.
    awaitable<std::optional<Outcome>> attempt(worker::Upstream& upstream);
    bool is_cut() const { return exchange_.is_cut(); }
    // The process has taken the request on a kept connection, and closed that instead of an answer.
    bool was_taken() const { return taken_; }
    // Why there is no answer, when the exchange was cut.
    Outcome cut_outcome() const;

  private:
    worker::Obstacle obstacle() const;
    worker::Step next_step(bool was_busy) const;
    std::optional<Problem> open_session(std::optional<worker::Upstream>& upstream, bool& busy);
    // What the pool would say, for the way around it.
    std::optional<Problem> check_state() const;
    Problem busy_problem() const;

    awaitable<std::optional<Outcome>> converse(worker::Upstream& upstream);
    std::string encode_head(const worker::Upstream& upstream, std::string space) const;
    // When it is ours to say (docs/forwarding.md, "Expect").
    awaitable<void> send_continue();
    // Of the answer: the pid, then the gupid.
    std::string_view print_process() const;
    awaitable<bool> relay_tunnel(worker::Upstream& upstream);
    bool can_keep(const worker::Upstream& upstream, const Download& download,
                  const Upload& upload) const;
    std::optional<Outcome> explain(error_code ec, const worker::Upstream& upstream,
                                   const Download& download, const Upload& upload) const;

    const gangway_process_identity& identity() const { return order_.process->identity(); }
    const message::Head& request() const { return client_.head(); }
    check::Route wanted() const { return order_.steering.route; }

    const Client& client_;
    const Order& order_;
    const Surroundings& around_;
    worker::Exchange& exchange_;
    Report& report_;
    worker::Body body_;
    std::unique_ptr<Spool> spool_; // once the body is kept there
    bool continued_ = false;       // 100 was sent
    bool upgrade_ = false;
    bool taken_ = false;
    unsigned busy_looks_ = 0;    // at the process, since it had to be waited for
    Clock::time_point wait_end_; // from the first of them on
};

Outcome Forwarder::cut_outcome() const {
    if (exchange_.cut() == worker::Cut::client_gone) {
        return Done{false};
    }
    return worker::cut_problem(exchange_.cut());
}

bool Forwarder::needs_length() const {
    return body_.chunked && identity().protocol == GANGWAY_PROTOCOL_SESSION &&
           wanted() != check::Route::direct;
}

// Before there is a session: the process is not held up by a slow client.
awaitable<std::optional<Outcome>> Forwarder::spool_body() {
    co_await send_continue();
    spool_ =
        std::make_unique<Spool>(around_.config.spool_directory, &around_.descriptors, order_.whom);
    for (;;) {
        std::string_view piece;
        const error_code ec = co_await client_.stream.read_piece(
            client_.parser, client_.max_header_bytes, client_.timeout, piece);
        if (!ec && !client_.stream.has_turn()) {
            co_await client_.stream.let_others_go();
        }
        if (exchange_.is_cut()) {
            co_return cut_outcome();
        }
        if (ec == net::error::timed_out) {
            co_return Outcome(worker::late_body());
        }
        if (ec && message::is_message_error(ec)) {
            co_return Outcome(worker::bad_body(ec));
        }
        if (ec) {
            report_.client_gone = true;
            co_return Outcome(Done{false});
        }
        if (piece.empty()) {
            break;
        }
        if (spool_->size() + piece.size() > around_.config.max_spool_bytes) {
            co_return Outcome(worker::body_too_large(around_.config.max_spool_bytes));
        }
        if (!around_.spooled.grow(piece.size())) {
            co_return Outcome(worker::too_much_spooled(around_.config.max_spool_bytes_per_user));
        }
        if (!spool_->append(piece)) {
            co_return Outcome(worker::spool_failed(spool_->error()));
        }
    }
    body_ = {false, spool_->size(), true};
    co_return std::nullopt;
}

awaitable<void> Forwarder::drop_body() {
    while (spool_ && spool_->shrink()) {
        if (!client_.stream.has_turn()) {
            co_await client_.stream.let_others_go();
        }
    }
}

worker::Obstacle Forwarder::obstacle() const {
    return worker::obstacle_to_direct({identity().debug_address.size > 0,
                                       !body_.empty() || upgrade_, request().method, order_.target,
                                       view(identity().base_uri)});
}

worker::Step Forwarder::next_step(bool was_busy) const {
    const bool time_is_up = was_busy && Clock::now() >= wait_end_;
    return worker::next_step(
        {wanted(), obstacle() == worker::Obstacle::none, was_busy, time_is_up});
}

bool Forwarder::reach(std::optional<worker::Upstream>& upstream, std::optional<Outcome>& outcome) {
    std::optional<Problem> problem;
    worker::Step step = next_step(false);
    if (step == worker::Step::open_session) {
        bool busy = false;
        problem = open_session(upstream, busy);
        if (busy) {
            if (busy_looks_++ == 0) {
                wait_end_ = Clock::now() + order_.steering.bounds.wait;
            }
            step = next_step(true);
        }
    }
    switch (step) {
    case worker::Step::open_session:
        break;
    case worker::Step::go_direct:
        problem = check_state();
        if (!problem) {
            upstream.emplace(client_.stream.get_executor(), identity());
        }
        break;
    case worker::Step::unavailable:
        problem = worker::route_unavailable(obstacle());
        break;
    case worker::Step::busy:
        problem = busy_problem();
        break;
    case worker::Step::pause:
        return false;
    }
    if (problem) {
        outcome = std::move(*problem);
    }
    return true;
}

awaitable<void> Forwarder::pause() {
    co_await exchange_.pause(worker::pause_before(busy_looks_));
}

std::optional<Problem> Forwarder::open_session(std::optional<worker::Upstream>& upstream,
                                               bool& busy) {
    std::unique_ptr<pool::Session> session;
    switch (order_.process->open_session(0, session)) {
    case GANGWAY_OK:
        upstream.emplace(client_.stream.get_executor(), std::move(session));
        return std::nullopt;
    case GANGWAY_BUSY:
        busy = true;
        return std::nullopt;
    case GANGWAY_NOT_ROUTABLE:
        return worker::not_routable();
    case GANGWAY_NOT_FOUND:
        return process_not_found();
    default:
        return worker::could_not_open_session();
    }
}

std::optional<Problem> Forwarder::check_state() const {
    gangway_process_state state{};
    if (order_.process->state(state) != GANGWAY_OK) {
        return process_not_found();
    }
    const bool routable =
        state.life == GANGWAY_PROCESS_ALIVE &&
        (state.enabled == GANGWAY_PROCESS_ENABLED || state.enabled == GANGWAY_PROCESS_DISABLING);
    return routable ? std::nullopt : std::optional(worker::not_routable());
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

awaitable<std::optional<Outcome>> Forwarder::attempt(worker::Upstream& upstream) {
    const worker::Exchange::UpstreamInUse in_use(exchange_, upstream);
    report_.session = Clock::now();
    report_.route = upstream.is_direct() ? "direct" : "pool";
    if (!upstream.connect_now()) {
        if (auto problem = co_await upstream.connect(exchange_)) {
            co_return Outcome(std::move(*problem));
        }
        if (exchange_.is_cut()) {
            co_return cut_outcome();
        }
    }
    report_.connected = upstream.reused() ? *report_.session : Clock::now();
    if (upstream.reused() && upstream.has_input()) {
        // What is there answers nothing that was asked (RFC 9112, 9.3); or the process has closed
        // it.
        co_return std::nullopt;
    }
    exchange_.enter(worker::Phase::sending, *report_.connected);
    std::string& head = around_.kept.request_text;
    head = encode_head(upstream, std::move(head));
    const std::array<net::const_buffer, 1> buffers{net::buffer(head)};
    Pieces pieces(buffers);
    Sent sent = upstream.send_now(pieces);
    if (sent.error == net::error::would_block) {
        sent.bytes += (co_await upstream.send(pieces)).bytes;
    }
    if (sent.bytes == 0 && upstream.reused() && !exchange_.is_cut()) {
        co_return std::nullopt; // The process had closed this connection and heard nothing.
    }
    // Where only part was sent, the answer, if there is any, tells more than the error does.
    co_return co_await converse(upstream);
}

awaitable<std::optional<Outcome>> Forwarder::converse(worker::Upstream& upstream) {
    const UploadSource source{client_, body_, spool_.get()};
    Upload upload(source, upstream, exchange_, report_);
    if (body_.empty()) {
        exchange_.request_sent(*report_.connected);
    } else {
        if (upstream.protocol() == GANGWAY_PROTOCOL_SESSION) {
            co_await send_continue();
        }
        upload.start();
    }
    std::optional<Outcome> outcome;
    std::exception_ptr failure;
    try {
        Download download(client_, upstream, exchange_, report_, around_.kept, upgrade_);
        if (const error_code ec = co_await download.read_head()) {
            outcome = explain(ec, upstream, download, upload);
        } else {
            const auto finish = [&] {
                if (upload.ended() && !download.upgraded()) {
                    upstream.finish(true, can_keep(upstream, download, upload));
                }
            };
            const std::function<void()> received = std::cref(finish); // Needs no memory.
            bool whole = co_await download.relay(print_process(), received);
            if (whole && download.upgraded()) {
                whole = co_await relay_tunnel(upstream);
            }
            if (!upload.ended()) {
                co_await upload.stop();
            }
            upstream.finish(whole, whole && can_keep(upstream, download, upload));
            report_.broken = !whole;
            outcome = Done{whole && download.client_keep_alive()};
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (!upload.ended()) {
        co_await upload.stop(); // Before anything that it uses goes away.
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (outcome && std::holds_alternative<Done>(*outcome) && !client_.parser.is_done()) {
        std::get<Done>(*outcome).keep_alive = false; // The rest of the body stands in the way.
    }
    taken_ = !outcome;
    co_return outcome;
}

std::string Forwarder::encode_head(const worker::Upstream& upstream, std::string space) const {
    const bool session = upstream.protocol() == GANGWAY_PROTOCOL_SESSION;
    const bool http = !session && !upstream.is_direct();
    const bool trailers = http && body_.chunked;
    const bool expects = http && !body_.empty() && request().version >= 11;
    const std::string_view host =
        order_.host.empty() ? request().fields.find("Host").value_or("") : order_.host;
    const worker::Request encoded{
        request().method,
        order_.target,
        host,
        view(identity().base_uri),
        worker::request_headers(request().fields,
                                {order_.drop_authorization, expects, trailers, order_.host}),
        body_,
        upgrade_ ? request().fields.find("Upgrade").value_or("") : std::string_view(),
        view(identity().password)};
    if (upstream.is_direct()) {
        return worker::encode_debug_request(encoded, std::move(space));
    }
    return session ? worker::encode_session_request(encoded, server_software, std::move(space))
                   : worker::encode_http_request(encoded, std::move(space));
}

awaitable<void> Forwarder::send_continue() {
    if (continued_ || request().version < 11 || !request().fields.find("Expect")) {
        co_return;
    }
    continued_ = true;
    constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    const std::array<net::const_buffer, 1> buffers{net::buffer(text.data(), text.size())};
    Pieces pieces(buffers);
    co_await client_.stream.write(pieces, client_.timeout);
}

std::string_view Forwarder::print_process() const {
    std::array<char, 20> pid{};
    const auto end = std::to_chars(pid.data(), pid.data() + pid.size(), identity().pid).ptr;
    std::string& text = around_.kept.process_text;
    text.assign(pid.data(), end);
    text += ' ';
    text += view(identity().gupid);
    return text;
}

awaitable<bool> Forwarder::relay_tunnel(worker::Upstream& upstream) {
    report_.upgraded = true;
    Tunnel tunnel(client_, upstream, exchange_, report_, around_.kept.buffer);
    co_return co_await tunnel.run();
}

// Whether Passenger may use the connection again. As Passenger does, one of the session protocol is
// kept only where no body was sent.
bool Forwarder::can_keep(const worker::Upstream& upstream, const Download& download,
                         const Upload& upload) const {
    const bool request_over =
        body_.empty() || (upstream.protocol() == GANGWAY_PROTOCOL_HTTP && upload.complete());
    return request_over && !upgrade_ && download.upstream_keep_alive();
}

// Why there is no answer. Nothing: a stale connection, so try again.
std::optional<Outcome> Forwarder::explain(error_code ec, const worker::Upstream& upstream,
                                          const Download& download, const Upload& upload) const {
    if (exchange_.is_cut()) {
        return cut_outcome();
    }
    const error_code client_error = upload.client_error();
    if (client_error == net::error::timed_out) {
        return worker::late_body();
    }
    if (client_error && spool_) {
        return worker::spool_failed(client_error);
    }
    if (client_error && message::is_message_error(client_error)) {
        return worker::bad_body(client_error);
    }
    if (client_error) {
        report_.client_gone = true;
        return Done{false};
    }
    if (!has_closed(ec)) {
        return worker::bad_response(download.complaint().empty() ? ec.message()
                                                                 : download.complaint());
    }
    if (upstream.reused() && !download.begun() && body_.empty() && is_safe(request())) {
        return std::nullopt;
    }
    return worker::worker_closed();
}

} // namespace

awaitable<Outcome> forward(const Client& client, const Order& order,
                           const Surroundings& surroundings) {
    Forwarder forwarder(client, order, surroundings);
    auto entered = forwarder.enter();
    if (auto* problem = std::get_if<Problem>(&entered)) {
        co_return std::move(*problem);
    }
    auto& ticket = std::get<InFlight::Ticket>(entered);
    std::optional<Outcome> outcome;
    if (forwarder.needs_length()) {
        outcome = co_await forwarder.spool_body();
    }
    while (!outcome) {
        std::optional<worker::Upstream> upstream;
        while (!forwarder.is_cut() && !forwarder.reach(upstream, outcome)) {
            co_await forwarder.pause();
        }
        if (forwarder.is_cut()) {
            outcome = forwarder.cut_outcome();
        } else if (upstream) {
            ticket.now_serving();
            outcome = co_await forwarder.attempt(*upstream);
            if (!outcome) {
                surroundings.report.retries++;
                co_await client.stream.let_others_go(); // Many kept connections may be stale.
            }
        }
    }
    co_await forwarder.drop_body();
    if ((surroundings.report.retries > 0 && has_refused(*outcome)) ||
        (forwarder.was_taken() && has_left(*outcome))) {
        outcome = worker::worker_closed(); // It had a connection, and has died since.
    }
    co_return std::move(*outcome);
}

} // namespace gangway::forward
