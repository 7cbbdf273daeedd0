// A connection that left HTTP (RFC 9110, 7.8): bytes both ways, until both sides have ended.
#pragma once

#include "base/companion.hpp"
#include "forward/client.hpp"
#include "forward/report.hpp"
#include "worker/exchange.hpp"
#include "worker/upstream.hpp"

namespace gangway::forward {

// Used by one coroutine.
class Tunnel {
  public:
    // buffer: of the upstream; what it holds came behind the answer's head, and goes first.
    Tunnel(const Client& client, worker::Upstream& upstream, worker::Exchange& exchange,
           Report& report, beast::flat_buffer& buffer);
    ~Tunnel();
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    // False when it was broken off: by an error of either side, or cut. Who ends his direction
    // properly may still be sent the rest of the other; but a process that has closed the
    // connection, or has ended, takes nothing more, and its client is not waited for.
    awaitable<bool> run();
    // Breaks it off.
    void abort() { break_off(); }

  private:
    awaitable<void> to_process();
    awaitable<void> to_client();
    awaitable<void> move_to_process();
    awaitable<void> move_to_client();
    awaitable<void> let_client_finish();
    bool goes_on() const { return !over_ && !exchange_.is_cut(); }
    bool process_is_gone() const;
    void end();
    void break_off();

    Client client_;
    worker::Upstream& upstream_;
    worker::Exchange& exchange_;
    Report& report_;
    beast::flat_buffer& buffer_;
    Timer look_; // at a process that has ended its direction
    Companion companion_;
    bool over_ = false;   // nothing more is moved
    bool broken_ = false; // before its end
};

} // namespace gangway::forward
