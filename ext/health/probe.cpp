#include "health/probe.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "forward/request_encoder.hpp"
#include "forward/route.hpp"
#include "message/read.hpp"
#include "message/rules.hpp"
#include "module/send.hpp"
#include "module/wall_clock.hpp"

namespace gangway::health {

namespace {

using Clock = LazyTimer::Clock;
using forward::Upstream;
using pool::view;
using std::chrono::milliseconds;

constexpr std::string_view user_agent = "Gangway-Health/" GANGWAY_VERSION;
constexpr unsigned most_interims = 16;

void set(Result& result, Verdict verdict, Reason reason, std::string detail) {
    result.verdict = verdict;
    result.reason = reason;
    result.detail = std::move(detail);
}

void unhealthy(Result& result, Reason reason, std::string detail) {
    set(result, Verdict::unhealthy, reason, std::move(detail));
}

// "0.5 s"
std::string print_seconds(milliseconds duration) {
    const auto whole = std::to_string(duration.count() / 1000);
    const auto rest = std::to_string(1000 + duration.count() % 1000).substr(1);
    const std::size_t end = rest.find_last_not_of('0');
    return end == std::string::npos ? whole + " s" : whole + "." + rest.substr(0, end + 1) + " s";
}

forward::Bounds bounds(milliseconds timeout) {
    return {timeout, timeout, timeout, timeout, timeout, timeout};
}

} // namespace

Probe::Probe(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
             std::uint32_t max_header_bytes)
    : executor_(executor),
      pool_(pool),
      clock_steps_(clock_steps),
      max_header_bytes_(max_header_bytes),
      exchange_(executor, [] {}) {}

awaitable<Result> Probe::run(const Check& check, const gangway_process_id& id) {
    Result result;
    result.checked_at_usec = usec_since_epoch();
    check_ = &check;
    process_ = pool_.find(id);
    if (process_ == nullptr) {
        unhealthy(result, Reason::gone,
                  "The process has left the pool; if it was not stopped on purpose, see why in "
                  "Passenger's log.");
        co_return result;
    }
    exchange_.begin(bounds(check.wait + check.timeout), Clock::now());
    co_await examine(result);
    exchange_.end();
    process_.reset();
    give_back_memory();
    co_return result;
}

// What a large answer needed.
void Probe::give_back_memory() {
    if (buffer_.capacity() > message::head_read_bytes) {
        buffer_.clear();
        buffer_.shrink_to_fit();
    }
    if (body_.capacity() > message::head_read_bytes) {
        body_ = std::string();
    }
    head_.clear();
}

void Probe::cut() {
    exchange_.cut(forward::Cut::shutting_down);
}

awaitable<void> Probe::examine(Result& result) {
    for (bool heard = false; !heard;) {
        std::optional<Upstream> upstream;
        if (!co_await reach(upstream, result)) {
            co_return;
        }
        const auto begin = Clock::now();
        exchange_.begin(bounds(check_->timeout), begin);
        result.route = upstream->is_direct() ? "direct" : "pool";
        heard = co_await attempt(*upstream, result);
        result.latency =
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
    }
}

awaitable<bool> Probe::reach(std::optional<Upstream>& upstream, Result& result) {
    const bool may_go_direct = process_->identity().debug_address.size > 0;
    if (check_->route == forward::Route::direct) {
        co_return go_direct(upstream, result);
    }
    const auto wait_end = Clock::now() + check_->wait;
    for (unsigned looks = 1;; looks++) {
        std::unique_ptr<pool::Session> session;
        const gangway_status status = process_->open_session(GANGWAY_SESSION_LEAVE_A_SLOT, session);
        if (status == GANGWAY_OK) {
            upstream.emplace(executor_, std::move(session));
            co_return true;
        }
        if (status != GANGWAY_BUSY && status != GANGWAY_LAST_FREE_SLOT) {
            say_not_routable(result);
            co_return false;
        }
        if (check_->route == forward::Route::automatic && may_go_direct) {
            co_return go_direct(upstream, result);
        }
        bool in_time = Clock::now() < wait_end;
        if (in_time) {
            in_time = co_await exchange_.pause(forward::pause_before(looks));
        }
        if (!in_time) {
            say_busy(result, status == GANGWAY_BUSY ? Reason::busy : Reason::last_free_slot);
            co_return false;
        }
    }
}

bool Probe::go_direct(std::optional<Upstream>& upstream, Result& result) {
    const gangway_process_identity& identity = process_->identity();
    gangway_process_state state{};
    if (identity.debug_address.size == 0) {
        set(result, Verdict::skipped, Reason::not_routable,
            "The process has no debug socket; check it with the route pool or auto.");
        return false;
    }
    if (process_->state(state) != GANGWAY_OK || state.life != GANGWAY_PROCESS_ALIVE ||
        (state.enabled != GANGWAY_PROCESS_ENABLED && state.enabled != GANGWAY_PROCESS_DISABLING)) {
        say_not_routable(result);
        return false;
    }
    upstream.emplace(executor_, view(identity.debug_address), identity.pid);
    return true;
}

void Probe::say_busy(Result& result, Reason reason) const {
    gangway_process_state state{};
    if (process_->state(state) != GANGWAY_OK) {
        say_not_routable(result);
        return;
    }
    if (reason == Reason::last_free_slot) {
        set(result, Verdict::busy, reason,
            "Visitors need the group's last free slot; the process is checked when more are free.");
        return;
    }
    result.busy_since_usec = state.last_used_usec;
    const auto busy_for = clock_steps_.age(state.last_used_usec, Clock::now(), usec_since_epoch());
    if (check_->busy_limit.count() > 0 && busy_for > check_->busy_limit) {
        unhealthy(result, Reason::busy_too_long,
                  "The process has served a request for longer than " +
                      print_seconds(check_->busy_limit) +
                      "; look at what it does (gdb, py-spy, a thread dump), or restart it.");
    } else {
        set(result, Verdict::busy, Reason::busy,
            "The process serves " + std::to_string(state.sessions) +
                (state.sessions == 1 ? " request." : " requests."));
    }
}

void Probe::say_not_routable(Result& result) const {
    gangway_process_state state{};
    if (process_->state(state) == GANGWAY_NOT_FOUND) {
        unhealthy(result, Reason::gone, "The process has died, or has left the pool meanwhile.");
    } else if (state.life != GANGWAY_PROCESS_ALIVE) {
        set(result, Verdict::skipped, Reason::shutting_down, "The process is shutting down.");
    } else if (state.enabled == GANGWAY_PROCESS_DISABLING) {
        set(result, Verdict::skipped, Reason::disabling, "Passenger is disabling the process.");
    } else if (state.enabled == GANGWAY_PROCESS_DISABLED) {
        set(result, Verdict::skipped, Reason::disabled, "Passenger has disabled the process.");
    } else if (state.enabled == GANGWAY_PROCESS_DETACHED) {
        set(result, Verdict::skipped, Reason::detached,
            "The process is detached: it finishes its requests and leaves.");
    } else {
        set(result, Verdict::skipped, Reason::not_routable,
            "The process takes no requests from Passenger.");
    }
}

awaitable<bool> Probe::attempt(Upstream& upstream, Result& result) {
    connected_ = begun_ = false;
    result.reason = Reason::none;
    result.detail.clear();
    const forward::Exchange::UpstreamInUse in_use(exchange_, upstream);
    if (!upstream.connect_now()) {
        if (const auto problem = co_await upstream.connect(exchange_)) {
            if (problem->code == admin::Code::connect_failed) {
                unhealthy(result, Reason::refused, problem->detail);
            } else { // Of the agent's own: no descriptor, say.
                set(result, Verdict::skipped, Reason::not_routable, problem->detail);
            }
            co_return true;
        }
        if (exchange_.is_cut()) {
            explain_cut(result);
            co_return true;
        }
    }
    connected_ = true;
    const bool may_be_stale = upstream.reused();
    if (may_be_stale && upstream.has_input()) {
        co_return false;
    }
    exchange_.enter(forward::Phase::sending);
    text_ = encode(upstream);
    const std::array<net::const_buffer, 1> buffers{net::buffer(text_)};
    Pieces pieces(buffers);
    co_await upstream.send(pieces);
    exchange_.request_sent();
    co_await receive(upstream, result);
    const bool unheard = result.reason == Reason::reset && !begun_ && !exchange_.is_cut();
    co_return !(may_be_stale && unheard);
}

awaitable<void> Probe::receive(Upstream& upstream, Result& result) {
    if (const error_code ec = co_await read_head(upstream)) {
        explain(result, ec);
        co_return;
    }
    result.status = head_.status;
    if (auto mismatch = check_->expectation.check_status(head_.status)) {
        unhealthy(result, mismatch->reason, std::move(mismatch->detail));
        co_return; // The session is closed as one that broke off: its body was not read.
    }
    co_await read_body(upstream, result);
    if (result.verdict == Verdict::healthy) {
        const bool keep = parser_->is_done() && parser_->keep_alive() && !parser_->need_eof() &&
                          buffer_.size() == 0;
        upstream.finish(true, keep);
    }
}

awaitable<error_code> Probe::read_head(Upstream& upstream) {
    buffer_.clear();
    for (unsigned interims = 0; interims < most_interims; interims++) {
        parser_.emplace(head_);
        parser_->skip(check_->method == "HEAD");
        message::HeadReading<false> reading(max_header_bytes_);
        error_code ec;
        while (buffer_.size() == 0 || !reading.take(buffer_, *parser_, ec)) {
            const auto [failed, size] =
                co_await upstream.receive(buffer_.prepare(message::head_read_bytes));
            buffer_.commit(size);
            if (failed) {
                co_return message::HeadReading<false>::cut_short(failed, buffer_);
            }
            begun_ = true;
            exchange_.enter(forward::Phase::receiving);
        }
        if (!ec && message::check_answer(head_)) {
            ec = http::error::bad_field;
        }
        if (!ec && (head_.status < 100 || head_.status == 101)) {
            ec = http::error::bad_status;
        }
        if (ec || head_.status >= 200) {
            co_return ec;
        }
    }
    co_return http::error::bad_status;
}

awaitable<void> Probe::read_body(Upstream& upstream, Result& result) {
    body_.clear();
    for (;;) {
        std::string_view piece;
        const error_code ec =
            co_await message::read_piece(upstream, buffer_, *parser_, max_header_bytes_, piece);
        if (ec || exchange_.is_cut()) {
            explain(result, ec);
            co_return;
        }
        if (piece.empty()) {
            break;
        }
        result.body_bytes += piece.size();
        if (result.body_bytes > max_body_bytes) {
            unhealthy(result, Reason::body_too_large,
                      "The answer is longer than 1 MiB; check a path that answers in a few words.");
            co_return;
        }
        body_ += piece.substr(0, max_body_looked_at - body_.size());
    }
    result.verdict = Verdict::healthy;
    if (auto mismatch = check_->expectation.check_body(body_)) {
        unhealthy(result, mismatch->reason, std::move(mismatch->detail));
    }
}

std::string Probe::encode(const Upstream& upstream) {
    const gangway_process_identity& identity = process_->identity();
    forward::Request request{
        check_->method,         check_->path, {}, view(identity.base_uri), {}, {}, {},
        view(identity.password)};
    bool has_agent = false;
    for (const auto& [name, value] : check_->headers) {
        request.headers.push_back({name, value});
        if (message::same_token(name, "Host")) {
            request.host = value;
        }
        has_agent = has_agent || message::same_token(name, "User-Agent");
    }
    if (!has_agent) {
        request.headers.push_back({"User-Agent", user_agent});
    }
    if (upstream.is_direct()) {
        return encode_debug_request(request, std::move(text_));
    }
    return upstream.protocol() == GANGWAY_PROTOCOL_SESSION
               ? encode_session_request(request, "Gangway/" GANGWAY_VERSION, std::move(text_))
               : encode_http_request(request, std::move(text_));
}

void Probe::explain(Result& result, error_code ec) const {
    if (exchange_.is_cut()) {
        explain_cut(result);
    } else if (message::is_message_error(ec)) {
        unhealthy(result, Reason::not_http,
                  "The process answers with something that is not HTTP: " + ec.message() +
                      "; see the application's log.");
    } else {
        unhealthy(result, Reason::reset,
                  begun_ ? "The process closed the connection in the middle of its answer; see the "
                           "application's log."
                         : "The process closed the connection without an answer; see the "
                           "application's log.");
    }
}

void Probe::explain_cut(Result& result) const {
    if (exchange_.cut() == forward::Cut::shutting_down) { // By cut(): not for its own slowness.
        set(result, Verdict::skipped, Reason::deadline,
            "The deadline of the whole came before the process had answered; allow more time, or "
            "more checks at once.");
        return;
    }
    const std::string within = " within " + print_seconds(check_->timeout);
    if (!connected_) {
        unhealthy(result, Reason::connect_timeout,
                  "The process did not accept the connection" + within +
                      "; it is stopped, or too busy to accept: look at it with ps and strace.");
    } else if (!begun_) {
        unhealthy(result, Reason::first_byte_timeout,
                  "The process has the request and did not begin to answer" + within +
                      "; look at what it does (gdb, py-spy, a thread dump).");
    } else {
        unhealthy(result, Reason::read_timeout,
                  "The process began its answer and did not end it" + within +
                      "; look at what it waits for.");
    }
}

} // namespace gangway::health
