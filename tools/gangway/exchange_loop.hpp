// Runs exchanges, one or many side by side, in one thread. Here alone the command waits for the
// agent, and here it notices Ctrl-C.
#pragma once

#include "http_exchange.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

#include <poll.h>

#include <span>
#include <vector>

namespace gangway::command {

class ExchangeLoop {
  public:
    // `progress` must outlive this. From now on Ctrl-C ends step() and run(), not the process.
    explicit ExchangeLoop(Progress& progress);

    // Waits until one of them can go on or the progress is due, and lets go on what can. Throws
    // Failure(interrupted) after Ctrl-C.
    void step(std::span<HttpExchange* const> exchanges);

    // One exchange alone until it is done. Throws what broke its answer off.
    void run(HttpExchange& exchange);

  private:
    [[nodiscard]] int timeout_ms(std::span<HttpExchange* const> exchanges) const;

    Progress& progress_;
    InterruptWatch interrupt_;
    std::vector<pollfd> polled_;
};

} // namespace gangway::command
