// Carries out checks: one small request to one process, over a session of the pool or its debug
// socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "base/clock_steps.hpp"
#include "base/turns.hpp"
#include "check/check.hpp"
#include "check/verdict.hpp"
#include "message/parser.hpp"
#include "pool/pool.hpp"
#include "requests/known.hpp"
#include "worker/exchange.hpp"
#include "worker/routing.hpp"
#include "worker/upstream.hpp"

namespace gangway::health {

// Of an answer's body: what is looked at, and what is read at all. An answer to a health check that
// is longer than that is a wrong one.
inline constexpr std::size_t max_body_looked_at = 64 * 1024;
inline constexpr std::uint64_t max_body_bytes = 1024 * 1024;

// Used for one check after another, so that what they need is made once. On the server's thread
// only.
//
// A check leaves visitors a free slot (GANGWAY_SESSION_LEAVE_A_SLOT), so it may find a process
// "busy" that is not. Every session that it opens is closed when run() completes.
class Probe {
  public:
    Probe(const Executor& executor, pool::Pool& pool, ClockSteps& clock_steps,
          std::uint32_t max_header_bytes);

    // From now on it works when that user has a turn; his time runs on while he waits for one.
    // turns outlives it.
    void take_turns(Turns& turns, const Owner& owner) { caller_.emplace(turns, owner); }

    // From now on its checks are among the requests that are known, and where a process is busy it
    // says with what. known outlives it.
    void tell_requests(const requests::Known& known) { known_ = &known; }

    // What goes wrong is the result. id and check must outlive it.
    awaitable<check::Result> run(const check::Check& check, const gangway_process_id& id);
    // Interrupts the check that runs, or waits for its turn, if one does: the time of the whole is
    // up, which says nothing about the process.
    void cut();

  private:
    class InUse;

    awaitable<void> examine(check::Result& result);
    // Where the result says that the process is busy: with what, and for how long.
    awaitable<void> say_with_what(check::Result& result);
    // Whether a signal has stopped the process; the result says so then.
    bool is_stopped(check::Result& result) const;
    // Gets hold of the process. False: the result says why not.
    awaitable<bool> reach(std::optional<worker::Upstream>& upstream, check::Result& result);
    bool go_direct(std::optional<worker::Upstream>& upstream, check::Result& result);
    worker::Obstacle obstacle() const;
    // Whether the process has been busy for longer than the check allows; the result says so then.
    bool is_busy_too_long(const gangway_process_state& state, check::Result& result);
    bool is_busy_too_long(check::Result& result);
    void say_busy(check::Result& result, check::Reason reason);
    // The sentence comes with what it is busy (say_with_what()).
    void set_busy(check::Result& result, check::Verdict verdict, check::Reason reason,
                  const gangway_process_state& state);
    void say_not_routable(check::Result& result) const;
    // False: the process has not heard of this request, and is to be got hold of anew: the
    // connection had gone stale, or whose the debug socket is cannot be told.
    awaitable<bool> attempt(worker::Upstream& upstream, check::Result& result);
    awaitable<void> receive(worker::Upstream& upstream, check::Result& result);
    awaitable<error_code> read_head(worker::Upstream& upstream);
    awaitable<bool> read_body(worker::Upstream& upstream, check::Result& result);
    std::string encode(const worker::Upstream& upstream);
    struct HeadReader;
    bool has_turn() { return !caller_ || caller_->has_turn(Turns::Clock::now()); }
    awaitable<void> my_turn();
    void explain(check::Result& result, error_code ec) const;
    void explain_cut(check::Result& result) const;
    void give_back_memory();

    Executor executor_;
    pool::Pool& pool_;
    ClockSteps& clock_steps_;
    std::uint32_t max_header_bytes_;
    worker::Exchange exchange_;
    std::optional<Turns::Caller> caller_;
    const requests::Known* known_ = nullptr;
    std::optional<requests::Own::Ticket> told_; // of the check that runs
    const check::Check* check_ = nullptr;
    std::unique_ptr<pool::ProcessRef> process_;
    std::string text_; // of the request
    beast::flat_buffer buffer_;
    message::Head head_;
    std::optional<message::AnswerParser> parser_;
    std::string body_;          // what is looked at
    std::int32_t sessions_ = 0; // of a busy process
    bool pool_only_ = false;    // the debug socket cannot be used
    bool cut_ = false;          // the check was
    bool connected_ = false;    // how far it came
    bool begun_ = false;
};

} // namespace gangway::health
