// A connection that left HTTP (RFC 9110, 7.8): bytes both ways, until both sides have ended.
#pragma once

#include "forward/client.hpp"
#include "forward/companion.hpp"
#include "forward/exchange.hpp"
#include "forward/report.hpp"
#include "forward/upstream.hpp"

namespace gangway::forward {

// Used by one coroutine.
class Tunnel {
  public:
    // buffer: of the upstream; what it holds came behind the answer's head, and goes first.
    Tunnel(const Client& client, Upstream& upstream, Exchange& exchange, Report& report,
           beast::flat_buffer& buffer);
    ~Tunnel();
    Tunnel(const Tunnel&) = delete;
    Tunnel& operator=(const Tunnel&) = delete;

    // False when it was broken off: by an error of either side, or cut. Who ends his direction
    // properly may still be sent the rest of the other.
    awaitable<bool> run();

  private:
    awaitable<void> to_process();
    awaitable<void> to_client();
    awaitable<void> move_to_process();
    awaitable<void> move_to_client();
    void break_off();

    Client client_;
    Upstream& upstream_;
    Exchange& exchange_;
    Report& report_;
    beast::flat_buffer& buffer_;
    Companion companion_;
    bool client_ended_ = false; // nothing more is sent to the client
    bool broken_ = false;
};

} // namespace gangway::forward
