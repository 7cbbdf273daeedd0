#include "health/probe.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/await_turn.hpp"
#include "base/process_stat.hpp"
#include "base/send.hpp"
#include "base/wall_clock.hpp"
#include "message/rules.hpp"
#include "text/duration.hpp"
#include "wire/read.hpp"
#include "worker/answer_head.hpp"
#include "worker/header_rules.hpp"
#include "worker/request_encoder.hpp"
#include "worker/routing.hpp"

namespace gangway::health {

namespace {

using Clock = LazyTimer::Clock;
using pool::view;
using std::chrono::milliseconds;
using worker::Upstream;

constexpr std::string_view user_agent = "Gangway-Health/" GANGWAY_VERSION;
constexpr unsigned most_interims = 16;

void set(check::Result& result, check::Verdict verdict, check::Reason reason, std::string detail) {
    result.verdict = verdict;
    result.reason = reason;
    result.detail = std::move(detail);
}

void unhealthy(check::Result& result, check::Reason reason, std::string detail) {
    set(result, check::Verdict::unhealthy, reason, std::move(detail));
}

void say_cut(check::Result& result) {
    set(result, check::Verdict::skipped, check::Reason::deadline,
        "The deadline of the whole came before the process had answered; allow more time, or "
        "more checks at once.");
}

// Of a process that is not there any more, or will not be.
bool has_left(check::Reason reason) {
    return reason == check::Reason::refused || reason == check::Reason::gone ||
           reason == check::Reason::detached || reason == check::Reason::shutting_down;
}

bool may_be_asked(const gangway_process_state& state) {
    return state.life == GANGWAY_PROCESS_ALIVE &&
           (state.enabled == GANGWAY_PROCESS_ENABLED || state.enabled == GANGWAY_PROCESS_DISABLING);
}

worker::Bounds bounds(milliseconds timeout) {
    return {timeout, timeout, timeout, timeout, timeout, timeout};
}

} // namespace

// Until the end of a check, however that comes.
class Probe::InUse {
  public:
    explicit InUse(Probe& probe) : probe_(probe) {}
    ~InUse() {
        probe_.exchange_.end();
        probe_.told_.reset();
        probe_.process_.reset();
    }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

  private:
    Probe& probe_;
};

Probe::Probe(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
             std::uint32_t max_header_bytes)
    : executor_(executor),
      pool_(pool),
      clock_steps_(clock_steps),
      max_header_bytes_(max_header_bytes),
      exchange_(executor, [] {}) {}

// Sessions that end, answers that come at once and what is looked for in them cost as much as
// whoever owns check and process likes.
awaitable<void> Probe::my_turn() {
    if (!has_turn()) {
        co_await await_turn(*caller_, executor_);
    }
}

awaitable<check::Result> Probe::run(const check::Check& check, const gangway_process_id& id) {
    cut_ = false;
    co_await my_turn();
    check::Result result;
    result.checked_at_usec = usec_since_epoch();
    if (cut_) { // There is no exchange yet that could have been.
        say_cut(result);
        co_return result;
    }
    check_ = &check;
    pool_only_ = false;
    process_ = pool_.find(id);
    if (process_ == nullptr) {
        unhealthy(result, check::Reason::gone,
                  "The process has left the pool; if it was not stopped on purpose, see why in "
                  "Passenger's log.");
        co_return result;
    }
    {
        const InUse in_use(*this);
        if (known_ != nullptr) {
            told_.emplace(
                known_->own.enter(view(process_->identity().gupid), check.method, check.path));
        }
        exchange_.begin(bounds(check.wait + check.timeout), Clock::now());
        if (!is_stopped(result)) {
            co_await examine(result);
            co_await say_with_what(result);
        }
    }
    give_back_memory();
    co_return result;
}

// What a large answer needed.
void Probe::give_back_memory() {
    if (buffer_.capacity() > wire::head_read_bytes) {
        buffer_.clear();
        buffer_.shrink_to_fit();
    }
    if (body_.capacity() > wire::head_read_bytes) {
        body_ = std::string();
    }
    head_.clear();
}

void Probe::cut() {
    cut_ = true;
    exchange_.cut(worker::Cut::shutting_down);
}

awaitable<void> Probe::examine(check::Result& result) {
    std::optional<check::Result> unheard; // It closed a kept connection instead of an answer.
    for (bool heard = false; !heard;) {
        std::optional<Upstream> upstream;
        if (!co_await reach(upstream, result)) {
            break;
        }
        if (told_) {
            told_->now_serving();
        }
        const auto begin = Clock::now();
        exchange_.begin(bounds(check_->timeout), begin);
        result.route = upstream->is_direct() ? check::direct_route : check::pool_route;
        heard = co_await attempt(*upstream, result);
        result.latency =
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
        if (!heard) { // As if it had not been tried. Many kept connections may be stale.
            if (result.reason == check::Reason::reset) {
                unheard = result;
            }
            result.route = {};
            result.latency = {};
            co_await others_first(executor_);
            if (exchange_.is_cut()) {
                explain_cut(result);
                co_return;
            }
        }
    }
    if (unheard && has_left(result.reason) && result.route != check::direct_route) {
        result = std::move(*unheard); // It has died of the check, whoever has noticed it first.
    }
}

bool Probe::is_stopped(check::Result& result) const {
    const std::int64_t pid = process_->identity().pid;
    const auto stat = read_process_stat(pid);
    gangway_process_state state{};
    // One that takes no requests need not go on.
    if (!stat || !stat->is_stopped() || process_->state(state) != GANGWAY_OK ||
        !may_be_asked(state)) {
        return false;
    }
    unhealthy(result, check::Reason::stopped,
              "A signal has stopped the process, and it will not answer; let it go on with kill "
              "-CONT " +
                  std::to_string(pid) + ", or have it replaced.");
    return true;
}

awaitable<void> Probe::say_with_what(check::Result& result) {
    if (result.reason != check::Reason::busy && result.reason != check::Reason::busy_too_long) {
        co_return;
    }
    if (known_ != nullptr && !cut_) {
        result.requests = co_await requests::ask_what(*known_, view(process_->identity().gupid));
    }
    std::uint64_t since = *result.busy_since_usec;
    std::string what = std::to_string(sessions_) + (sessions_ == 1 ? " request" : " requests");
    if (!result.requests.empty()) {
        const auto all =
            std::max<std::size_t>(result.requests.size(), static_cast<std::size_t>(sessions_));
        what = describe(result.requests, all);
        if (all > 1) {
            since = std::min(since, result.requests.front().began_at_usec);
        }
    }
    result.detail = "The process has been busy for " +
                    print_age(clock_steps_.age(since, Clock::now(), usec_since_epoch())) +
                    " with " + what;
    if (result.reason == check::Reason::busy_too_long) {
        result.detail += ", longer than " + short_seconds(check_->busy_limit) +
                         "; look at what it does (gdb, py-spy, a thread dump), or restart it";
    }
    result.detail += ".";
}

awaitable<bool> Probe::reach(std::optional<Upstream>& upstream, check::Result& result) {
    if (check_->route == check::Route::direct) {
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
        // Before the way around it: that a process answers there excuses no request without end.
        if (status == GANGWAY_BUSY && is_busy_too_long(result)) {
            co_return false;
        }
        if (check_->route == check::Route::automatic && !pool_only_ &&
            obstacle() == worker::Obstacle::none) {
            co_return go_direct(upstream, result);
        }
        bool in_time = Clock::now() < wait_end;
        if (in_time) {
            in_time = co_await exchange_.pause(worker::pause_before(looks));
        }
        if (!in_time) {
            say_busy(result,
                     status == GANGWAY_BUSY ? check::Reason::busy : check::Reason::last_free_slot);
            co_return false;
        }
    }
}

bool Probe::go_direct(std::optional<Upstream>& upstream, check::Result& result) {
    const gangway_process_identity& identity = process_->identity();
    gangway_process_state state{};
    if (const worker::Obstacle obstacle = this->obstacle(); obstacle != worker::Obstacle::none) {
        set(result, check::Verdict::skipped, check::Reason::not_routable,
            std::string(worker::explain(obstacle)) + "; check it with the route pool or auto.");
        return false;
    }
    if (process_->state(state) != GANGWAY_OK || !may_be_asked(state)) {
        say_not_routable(result);
        return false;
    }
    const bool busy = state.concurrency > 0 && state.sessions >= state.concurrency;
    if (busy && is_busy_too_long(state, result)) {
        return false;
    }
    upstream.emplace(executor_, identity);
    return true;
}

worker::Obstacle Probe::obstacle() const {
    const gangway_process_identity& identity = process_->identity();
    return worker::obstacle_to_direct({identity.debug_address.size > 0, false, check_->method,
                                       check_->path, view(identity.base_uri)});
}

bool Probe::is_busy_too_long(check::Result& result) {
    gangway_process_state state{};
    return check_->busy_limit.count() > 0 && process_->state(state) == GANGWAY_OK &&
           is_busy_too_long(state, result);
}

bool Probe::is_busy_too_long(const gangway_process_state& state, check::Result& result) {
    if (check_->busy_limit.count() == 0 ||
        clock_steps_.age(state.last_used_usec, Clock::now(), usec_since_epoch()) <=
            check_->busy_limit) {
        return false;
    }
    set_busy(result, check::Verdict::unhealthy, check::Reason::busy_too_long, state);
    return true;
}

void Probe::say_busy(check::Result& result, check::Reason reason) {
    gangway_process_state state{};
    if (process_->state(state) != GANGWAY_OK) {
        say_not_routable(result);
        return;
    }
    if (reason == check::Reason::last_free_slot) {
        set(result, check::Verdict::busy, reason,
            "Visitors need the group's last free slot; the process is checked when more are free.");
        return;
    }
    if (is_busy_too_long(state, result)) {
        return;
    }
    set_busy(result, check::Verdict::busy, check::Reason::busy, state);
}

void Probe::set_busy(check::Result& result, check::Verdict verdict, check::Reason reason,
                     const gangway_process_state& state) {
    set(result, verdict, reason, {});
    result.busy_since_usec = state.last_used_usec;
    sessions_ = state.sessions;
}

void Probe::say_not_routable(check::Result& result) const {
    gangway_process_state state{};
    if (process_->state(state) == GANGWAY_NOT_FOUND) {
        unhealthy(result, check::Reason::gone,
                  "The process has died, or has left the pool meanwhile.");
    } else if (state.life != GANGWAY_PROCESS_ALIVE) {
        set(result, check::Verdict::skipped, check::Reason::shutting_down,
            "The process is shutting down.");
    } else if (state.enabled == GANGWAY_PROCESS_DISABLING) {
        set(result, check::Verdict::skipped, check::Reason::disabling,
            "Passenger is disabling the process.");
    } else if (state.enabled == GANGWAY_PROCESS_DISABLED) {
        set(result, check::Verdict::skipped, check::Reason::disabled,
            "Passenger has disabled the process.");
    } else if (state.enabled == GANGWAY_PROCESS_DETACHED) {
        set(result, check::Verdict::skipped, check::Reason::detached,
            "The process is detached: it finishes its requests and leaves.");
    } else {
        set(result, check::Verdict::skipped, check::Reason::not_routable,
            "The process takes no requests from Passenger.");
    }
}

awaitable<bool> Probe::attempt(Upstream& upstream, check::Result& result) {
    connected_ = begun_ = false;
    result.reason = check::Reason::none;
    result.detail.clear();
    const worker::Exchange::UpstreamInUse in_use(exchange_, upstream);
    if (!upstream.connect_now()) {
        if (const auto problem = co_await upstream.connect(exchange_)) {
            if (upstream.is_owner_unknown() && check_->route == check::Route::automatic) {
                pool_only_ = true;
                co_return false;
            }
            if (problem->code == Code::connect_failed && !upstream.is_owner_unknown()) {
                unhealthy(result, check::Reason::refused, problem->detail);
            } else { // The agent's own: no descriptor, say.
                set(result, check::Verdict::skipped, check::Reason::not_routable, problem->detail);
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
    exchange_.enter(worker::Phase::sending);
    text_ = encode(upstream);
    const std::array<net::const_buffer, 1> buffers{net::buffer(text_)};
    Pieces pieces(buffers);
    co_await upstream.send(pieces);
    exchange_.request_sent();
    co_await receive(upstream, result);
    const bool unheard = result.reason == check::Reason::reset && !begun_ && !exchange_.is_cut();
    co_return !(may_be_stale && unheard);
}

awaitable<void> Probe::receive(Upstream& upstream, check::Result& result) {
    if (const error_code ec = co_await read_head(upstream)) {
        explain(result, ec);
        co_return;
    }
    result.status = head_.status;
    if (auto mismatch = check_->expectation.check_status(head_.status)) {
        unhealthy(result, mismatch->reason, std::move(mismatch->detail));
        co_return; // The session is closed as one that broke off: its body was not read.
    }
    body_.clear();
    bool whole = worker::leaves_body_to_web_server(head_.fields);
    if (!whole) {
        whole = co_await read_body(upstream, result);
    }
    if (!whole) {
        co_return;
    }
    exchange_.end(); // The answer was in time, however long its turn takes to come.
    co_await my_turn();
    result.verdict = check::Verdict::healthy;
    if (auto mismatch = check_->expectation.check_body(body_)) {
        unhealthy(result, mismatch->reason, std::move(mismatch->detail));
    }
    if (result.verdict == check::Verdict::healthy) {
        const bool keep = parser_->is_done() && parser_->keep_alive() && !parser_->need_eof() &&
                          buffer_.size() == 0;
        upstream.finish(true, keep);
    }
}

struct Probe::HeadReader {
    Probe& probe;

    void heard(LazyTimer::Clock::time_point /*now*/) const { probe.begun_ = true; }
    bool has_turn() const { return probe.has_turn(); }
    awaitable<void> let_others_go() const { return probe.my_turn(); }
};

awaitable<error_code> Probe::read_head(Upstream& upstream) {
    const HeadReader reader{*this};
    buffer_.clear();
    for (unsigned interims = 0; interims < most_interims; interims++) {
        parser_.emplace(head_);
        parser_->skip(check_->method == "HEAD");
        wire::HeadReading<false> reading(max_header_bytes_);
        error_code ec = co_await worker::read_answer_head(upstream, exchange_, buffer_, *parser_,
                                                          reading, reader);
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

awaitable<bool> Probe::read_body(Upstream& upstream, check::Result& result) {
    for (;;) {
        std::string_view piece;
        const error_code ec =
            co_await wire::read_piece(upstream, buffer_, *parser_, max_header_bytes_, piece);
        if (ec || exchange_.is_cut()) {
            explain(result, ec);
            co_return false;
        }
        if (piece.empty()) {
            co_return true;
        }
        co_await my_turn(); // A piece may be a single byte.
        result.body_bytes += piece.size();
        if (result.body_bytes > max_body_bytes) {
            unhealthy(result, check::Reason::body_too_large,
                      "The answer is longer than 1 MiB; check a path that answers in a few words.");
            co_return false;
        }
        body_ += piece.substr(0, max_body_looked_at - body_.size());
    }
}

std::string Probe::encode(const Upstream& upstream) {
    const gangway_process_identity& identity = process_->identity();
    worker::Request request{
        check_->method,         check_->path, {}, view(identity.base_uri), {}, {}, {},
        view(identity.password)};
    bool has_agent = false;
    bool has_host = false;
    for (const auto& [name, value] : check_->headers) {
        request.headers.push_back({name, value});
        if (message::same_token(name, "Host")) {
            request.host = value;
            has_host = true;
        }
        has_agent = has_agent || message::same_token(name, "User-Agent");
    }
    if (!has_host) { // HTTP/1.1 wants it, and so the server has one name over each route.
        request.host = "localhost";
        request.headers.push_back({"Host", request.host});
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

void Probe::explain(check::Result& result, error_code ec) const {
    if (exchange_.is_cut()) {
        explain_cut(result);
    } else if (message::is_message_error(ec)) {
        unhealthy(result, check::Reason::not_http,
                  "The process answers with something that is not HTTP: " + ec.message() +
                      "; see the application's log.");
    } else {
        unhealthy(result, check::Reason::reset,
                  begun_ ? "The process closed the connection in the middle of its answer; see the "
                           "application's log."
                         : "The process closed the connection without an answer; see the "
                           "application's log.");
    }
}

void Probe::explain_cut(check::Result& result) const {
    if (exchange_.cut() == worker::Cut::shutting_down) { // By cut(): not for its own slowness.
        say_cut(result);
        return;
    }
    if (is_stopped(result)) { // In the middle of it.
        return;
    }
    const std::string within = " within " + short_seconds(check_->timeout);
    if (!connected_) {
        unhealthy(result, check::Reason::connect_timeout,
                  "The process did not accept the connection" + within +
                      "; it is stopped, or too busy to accept: look at it with ps and strace.");
    } else if (!begun_) {
        unhealthy(result, check::Reason::first_byte_timeout,
                  "The process has the request and did not begin to answer" + within +
                      "; look at what it does (gdb, py-spy, a thread dump).");
    } else {
        unhealthy(result, check::Reason::read_timeout,
                  "The process began its answer and did not end it" + within +
                      "; look at what it waits for.");
    }
}

} // namespace gangway::health
