// One request on its way: what its coroutines share, and how it is cut short.
#pragma once

#include <chrono>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "module/asio.hpp"

namespace gangway::forward {

class Upstream;

// Lives in the connection's coroutine frame, on the server's thread. abort() may be called at any
// point between two steps of that coroutine; it then finishes by itself, soon.
class Exchange {
  public:
    explicit Exchange(const net::any_io_executor& executor) : timer_(executor) {}

    // False when the exchange was aborted meanwhile.
    net::awaitable<bool> pause(std::chrono::milliseconds duration);
    void abort();
    bool aborted() const { return aborted_; }

    // The connection to the process that abort() has to interrupt, while it is in use.
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
    net::steady_timer timer_;
    Upstream* upstream_ = nullptr;
    bool aborted_ = false;
};

} // namespace gangway::forward
