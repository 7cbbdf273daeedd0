// Runs exchanges, one or many side by side, in one thread. Here alone the command waits for the
// agent, and here it notices Ctrl-C.
#pragma once

#include "gangway/base/interrupt.hpp"
#include "gangway/client/exchange_observer.hpp"
#include "gangway/client/http_exchange.hpp"

#include <poll.h>

#include <span>
#include <vector>

namespace gangway::command {

class ExchangeLoop {
  public:
    // While this exists, Ctrl-C ends step() and run(), not the process.
    ExchangeLoop() = default;

    // Waits until one of them can go on, or so many milliseconds (-1: however long), and lets go on
    // what can. Throws Failure(interrupted) after Ctrl-C.
    void step(std::span<HttpExchange* const> exchanges, int longest_ms = -1);

    // One exchange alone until it is done. Throws what broke its answer off.
    void run(HttpExchange& exchange, ExchangeObserver& observer);

  private:
    InterruptWatch interrupt_;
    std::vector<pollfd> polled_;
};

} // namespace gangway::command
