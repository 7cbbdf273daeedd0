#include "forward/forwarder.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include <boost/asio/buffer.hpp>

#include "forward/decisions.hpp"
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

// How the process is to be asked.
struct Direct {}; // over its debug socket
struct Pause {};  // later: it is busy
using Way = std::variant<std::unique_ptr<pool::Session>, Direct, Pause, Problem>;

// What became of one connection.
struct Again {}; // it had gone stale before the process heard of this request
using Attempt = std::variant<Again, Done, Problem>;

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

    Result<InFlight::Ticket> enter() {
        return around_.in_flight.enter(view(identity().gupid), request().method, order_.target,
                                       order_.whom);
    }
    // ticket: of enter(); outlives it.
    void now_serving(InFlight::Ticket& ticket) {
        ticket_ = &ticket;
        ticket.now_serving();
    }
    // The session protocol tells a body's length ahead of it, as CGI does.
    bool needs_length() const;
    // Nothing: go on.
    awaitable<std::optional<Outcome>> spool_body();
    awaitable<void> drop_body();
    // How the process can be asked now.
    Way look();
    awaitable<void> pause();
    // Of a session, or Direct.
    worker::Upstream upstream_of(Way&& way) const;
    awaitable<Attempt> attempt(worker::Upstream& upstream);
    // Says with what the process is busy, where that is the problem.
    awaitable<void> ask_what(Problem& problem) const;
    // The answer to a request that ends with this problem.
    Problem found_problem(Problem problem) const;
    bool is_cut() const { return exchange_.is_cut(); }
    // Why there is no answer, when the exchange was cut.
    Outcome cut_outcome() const;

  private:
    worker::Obstacle obstacle() const;
    worker::Step next_step(bool was_busy) const;
    Way open_session();
    Way way_of(worker::Step step) const;
    // What the pool would say, for the way around it.
    std::optional<Problem> check_state() const;
    Problem busy_problem() const;

    awaitable<Attempt> converse(worker::Upstream& upstream);
    std::string encode_head(const worker::Upstream& upstream, std::string space) const;
    // When it is ours to say (docs/forwarding.md, "Expect").
    awaitable<void> send_continue();
    // Of the answer: the pid, then the gupid.
    std::string_view print_process() const;
    awaitable<bool> relay_tunnel(worker::Upstream& upstream);
    bool can_keep(const worker::Upstream& upstream, const Download& download,
                  const Upload& upload) const;
    Attempt explain(error_code ec, const worker::Upstream& upstream, const Download& download,
                    const Upload& upload) const;

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
    InFlight::Ticket* ticket_ = nullptr; // once the process serves it
    bool taken_ = false;         // on a kept connection, which was closed instead of an answer
    unsigned busy_looks_ = 0;    // at the process, since it had to be waited for
    Clock::time_point wait_end_; // from the first of them on
};

Attempt to_attempt(const Outcome& outcome) {
    return outcome ? Attempt(*outcome) : Attempt(outcome.error());
}

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

Way Forwarder::look() {
    const worker::Step step = next_step(false);
    if (step != worker::Step::open_session) {
        return way_of(step);
    }
    Way way = open_session();
    if (!std::holds_alternative<Pause>(way)) {
        return way;
    }
    if (busy_looks_++ == 0) {
        wait_end_ = Clock::now() + order_.steering.bounds.wait;
    }
    return way_of(next_step(true));
}

Way Forwarder::way_of(worker::Step step) const {
    switch (step) {
    case worker::Step::open_session:
    case worker::Step::pause:
        break;
    case worker::Step::go_direct: {
        auto problem = check_state();
        return problem ? Way(std::move(*problem)) : Direct{};
    }
    case worker::Step::unavailable:
        return worker::route_unavailable(obstacle());
    case worker::Step::busy:
        return busy_problem();
    }
    return Pause{};
}

// Pause: it is busy.
Way Forwarder::open_session() {
    std::unique_ptr<pool::Session> session;
    switch (order_.process->open_session(0, session)) {
    case GANGWAY_OK:
        return session;
    case GANGWAY_BUSY:
        return Pause{};
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
        problem.busy = Problem::Busy{state.sessions, state.last_used_usec, {}};
    }
    return problem;
}

awaitable<void> Forwarder::ask_what(Problem& problem) const {
    if (problem.busy) {
        problem.busy->requests =
            co_await requests::ask_what(around_.requests, view(identity().gupid));
    }
}

awaitable<Attempt> Forwarder::attempt(worker::Upstream& upstream) {
    const worker::Exchange::UpstreamInUse in_use(exchange_, upstream);
    report_.session = Clock::now();
    report_.route = upstream.is_direct() ? "direct" : "pool";
    if (!upstream.connect_now()) {
        if (auto problem = co_await upstream.connect(exchange_)) {
            co_return std::move(*problem);
        }
        if (exchange_.is_cut()) {
            co_return to_attempt(cut_outcome());
        }
    }
    report_.connected = upstream.reused() ? *report_.session : Clock::now();
    if (upstream.reused() && upstream.has_input()) {
        // What is there answers nothing that was asked (RFC 9112, 9.3); or the process has closed
        // it.
        co_return Again{};
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
        co_return Again{}; // The process had closed this connection and heard nothing.
    }
    // Where only part was sent, the answer, if there is any, tells more than the error does.
    co_return co_await converse(upstream);
}

awaitable<Attempt> Forwarder::converse(worker::Upstream& upstream) {
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
    Attempt attempt = Again{};
    std::exception_ptr failure;
    try {
        Download download(client_, upstream, exchange_, report_, around_.kept, upgrade_);
        if (const error_code ec = co_await download.read_head()) {
            attempt = explain(ec, upstream, download, upload);
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
            attempt = Done{whole && download.client_keep_alive()};
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
    if (auto* done = std::get_if<Done>(&attempt); done != nullptr && !client_.parser.is_done()) {
        done->keep_alive = false; // The rest of the body stands in the way.
    }
    taken_ = std::holds_alternative<Again>(attempt);
    co_return attempt;
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
    if (continued_ || !message::expects_continue(request())) {
        co_return;
    }
    continued_ = true;
    co_await client_.stream.write_continue(client_.timeout);
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
    const InFlight::LongRunning long_running(*ticket_, [&tunnel] { tunnel.abort(); });
    co_return co_await tunnel.run();
}

bool Forwarder::can_keep(const worker::Upstream& upstream, const Download& download,
                         const Upload& upload) const {
    return forward::can_keep({.protocol = upstream.protocol(),
                              .has_body = !body_.empty(),
                              .is_body_whole = upload.complete(),
                              .is_upgrade = upgrade_,
                              .may_keep = download.upstream_keep_alive()});
}

Attempt Forwarder::explain(error_code ec, const worker::Upstream& upstream,
                           const Download& download, const Upload& upload) const {
    const Reason reason = reason_of({.is_cut = exchange_.is_cut(),
                                     .client_error = upload.client_error(),
                                     .is_spooled = spool_ != nullptr,
                                     .process_error = ec,
                                     .is_reused = upstream.reused(),
                                     .has_begun = download.begun(),
                                     .has_body = !body_.empty(),
                                     .is_safe = is_safe(request().method)});
    switch (reason) {
    case Reason::cut:
        return to_attempt(cut_outcome());
    case Reason::late_body:
        return worker::late_body();
    case Reason::bad_body:
        return worker::bad_body(upload.client_error());
    case Reason::client_gone:
        report_.client_gone = true;
        return Done{false};
    case Reason::spool_failed:
        return worker::spool_failed(upload.client_error());
    case Reason::bad_response:
        return worker::bad_response(download.complaint().empty() ? ec.message()
                                                                 : download.complaint());
    case Reason::stale:
        return Again{};
    case Reason::worker_closed:
        break;
    }
    return worker::worker_closed();
}

awaitable<void> Forwarder::pause() {
    co_await exchange_.pause(worker::pause_before(busy_looks_));
}

worker::Upstream Forwarder::upstream_of(Way&& way) const {
    if (auto* session = std::get_if<std::unique_ptr<pool::Session>>(&way)) {
        return worker::Upstream(client_.stream.get_executor(), std::move(*session));
    }
    return worker::Upstream(client_.stream.get_executor(), identity());
}

Problem Forwarder::found_problem(Problem problem) const {
    const bool died =
        has_died({.code = problem.code, .was_retried = report_.retries > 0, .was_taken = taken_});
    return died ? worker::worker_closed() : problem;
}

} // namespace

awaitable<Outcome> forward(const Client& client, const Order& order,
                           const Surroundings& surroundings) {
    Forwarder forwarder(client, order, surroundings);
    auto entered = forwarder.enter();
    if (!entered) {
        co_return entered.error();
    }
    InFlight::Ticket& ticket = *entered;
    std::optional<Outcome> outcome;
    if (forwarder.needs_length()) {
        outcome = co_await forwarder.spool_body();
    }
    while (!outcome) {
        if (forwarder.is_cut()) {
            outcome = forwarder.cut_outcome();
            break;
        }
        Way way = forwarder.look();
        if (std::holds_alternative<Pause>(way)) {
            co_await forwarder.pause();
            continue;
        }
        if (auto* problem = std::get_if<Problem>(&way)) {
            co_await forwarder.ask_what(*problem);
            outcome = forwarder.found_problem(std::move(*problem));
            break;
        }
        forwarder.now_serving(ticket);
        Attempt tried = Again{};
        {
            worker::Upstream upstream = forwarder.upstream_of(std::move(way));
            tried = co_await forwarder.attempt(upstream);
        }
        if (std::holds_alternative<Again>(tried)) {
            surroundings.report.retries++;
            co_await client.stream.let_others_go(); // Many kept connections may be stale.
        } else if (auto* problem = std::get_if<Problem>(&tried)) {
            outcome = forwarder.found_problem(std::move(*problem));
        } else {
            outcome = std::get<Done>(tried);
        }
    }
    co_await forwarder.drop_body();
    co_return std::move(*outcome);
}

} // namespace gangway::forward
