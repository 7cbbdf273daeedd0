// One forwarded request on its way: what its coroutines share, how long it may take, and how it is
// cut short.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/asio.hpp"
#include "base/lazy_timer.hpp"
#include "worker/bounds.hpp"

namespace gangway::worker {

class Upstream;

// Why an exchange was cut short.
enum class Cut : std::uint8_t {
    none,
    client_gone,
    shutting_down,
    connect_timeout,
    first_byte_timeout,
    idle_timeout,
    total_timeout,
};

// What the process is waited for.
enum class Phase : std::uint8_t {
    none, // nothing: it is not its turn
    connecting,
    sending,   // to take the next bytes of the request
    answering, // the first byte of its answer
    receiving, // the next bytes of its answer
    tunnel,
    half_closed, // a tunnel one of whose sides has ended its direction
};

// A connection keeps one for all its requests: begin(), end(), and so on. On the server's thread.
// cut() may be called at any point between two steps of the coroutines; they then finish by
// themselves, soon.
class Exchange {
  public:
    // interrupt_client: interrupts what waits for the client.
    Exchange(const Executor& executor, std::function<void()> interrupt_client);

    // now: when the request had come.
    void begin(const Bounds& bounds, LazyTimer::Clock::time_point now);
    void end();
    bool running() const { return running_; }

    void enter(Phase phase, LazyTimer::Clock::time_point now = LazyTimer::Clock::now());
    // A byte moved to or from the process.
    void heard(LazyTimer::Clock::time_point now = LazyTimer::Clock::now());
    // The answer, or after an interim one the next, is waited for: while the request is being sent,
    // the process must take it; from then on it must begin to answer.
    void await_answer();
    void request_sent(LazyTimer::Clock::time_point now = LazyTimer::Clock::now());

    // While one lives, the client is the slow one, who has a timeout of his own.
    class ClientTurn {
      public:
        explicit ClientTurn(Exchange& exchange) : exchange_(exchange) { exchange_.client_turns_++; }
        ~ClientTurn() {
            exchange_.client_turns_--;
            exchange_.heard();
        }
        ClientTurn(const ClientTurn&) = delete;
        ClientTurn& operator=(const ClientTurn&) = delete;

      private:
        Exchange& exchange_;
    };

    // False when the exchange was cut meanwhile.
    awaitable<bool> pause(std::chrono::milliseconds duration);
    // The first cut counts.
    void cut(Cut reason);
    Cut cut() const { return cut_; }
    bool is_cut() const { return cut_ != Cut::none; }

    // The connection to the process that cut() has to interrupt, while it is in use.
    class UpstreamInUse {
      public:
        UpstreamInUse(Exchange& exchange, Upstream& upstream) : exchange_(exchange) {
            exchange_.upstream_ = &upstream;
        }
        ~UpstreamInUse() { exchange_.upstream_ = nullptr; }
        UpstreamInUse(const UpstreamInUse&) = delete;
        UpstreamInUse& operator=(const UpstreamInUse&) = delete;

      private:
        Exchange& exchange_;
    };

  private:
    using Time = LazyTimer::Clock::time_point;
    std::chrono::milliseconds bound() const; // of the phase
    void set_timer(Time now);
    void on_timer();
    bool is_tunnel() const { return phase_ == Phase::tunnel || phase_ == Phase::half_closed; }

    std::function<void()> interrupt_client_;
    Timer pause_;
    LazyTimer timer_;
    Upstream* upstream_ = nullptr;
    Bounds bounds_{};
    Time last_heard_;
    Time total_end_ = Time::max();
    unsigned client_turns_ = 0;
    Phase phase_ = Phase::none;
    Cut cut_ = Cut::none;
    bool request_sent_ = false;
    bool running_ = false;
};

} // namespace gangway::worker
