// Carries out checks: one small request to one process, over a session of the pool or its debug
// socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "forward/exchange.hpp"
#include "forward/upstream.hpp"
#include "health/check.hpp"
#include "health/verdict.hpp"
#include "message/parser.hpp"
#include "module/asio.hpp"
#include "module/clock_steps.hpp"
#include "pool/pool.hpp"

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

    // What goes wrong is the result. id and check must outlive it.
    awaitable<Result> run(const Check& check, const gangway_process_id& id);
    // Interrupts the check that runs, if one does: the time of the whole is up, which says nothing
    // about the process.
    void cut();

  private:
    awaitable<void> examine(Result& result);
    // Gets hold of the process. False: the result says why not.
    awaitable<bool> reach(std::optional<forward::Upstream>& upstream, Result& result);
    bool go_direct(std::optional<forward::Upstream>& upstream, Result& result);
    void say_busy(Result& result, Reason reason) const;
    void say_not_routable(Result& result) const;
    // False: the connection had gone stale before the process heard of this request.
    awaitable<bool> attempt(forward::Upstream& upstream, Result& result);
    awaitable<void> receive(forward::Upstream& upstream, Result& result);
    awaitable<error_code> read_head(forward::Upstream& upstream);
    awaitable<void> read_body(forward::Upstream& upstream, Result& result);
    std::string encode(const forward::Upstream& upstream);
    void explain(Result& result, error_code ec) const;
    void explain_cut(Result& result) const;
    void give_back_memory();

    Executor executor_;
    pool::Pool& pool_;
    ClockSteps& clock_steps_;
    std::uint32_t max_header_bytes_;
    forward::Exchange exchange_;
    const Check* check_ = nullptr;
    std::unique_ptr<pool::ProcessRef> process_;
    std::string text_; // of the request
    beast::flat_buffer buffer_;
    message::Head head_;
    std::optional<message::AnswerParser> parser_;
    std::string body_;       // what is looked at
    bool connected_ = false; // how far it came
    bool begun_ = false;
};

} // namespace gangway::health
