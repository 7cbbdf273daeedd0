#include "forward/companion.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace gangway::forward {

void Companion::start(awaitable<void> work) {
    running_ = true;
    try {
        net::co_spawn(executor_, run(std::move(work)), net::detached);
    } catch (...) {
        running_ = false;
        throw;
    }
}

awaitable<void> Companion::run(awaitable<void> work) {
    try {
        co_await std::move(work);
    } catch (...) { // Out of memory, say. Whoever waits for the end must not wait for ever.
    }
    running_ = false;
    end_.cancel();
}

awaitable<void> Companion::ended() {
    while (running_) {
        co_await end_.async_wait(as_result);
    }
}

} // namespace gangway::forward
