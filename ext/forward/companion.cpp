#include "forward/companion.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace gangway::forward {

void Companion::start(awaitable<void> work) {
    running_ = true;
    net::co_spawn(executor_, run(std::move(work)), net::detached);
}

awaitable<void> Companion::run(awaitable<void> work) {
    co_await std::move(work);
    running_ = false;
    end_.cancel();
}

awaitable<void> Companion::ended() {
    while (running_) {
        co_await end_.async_wait(as_result);
    }
}

} // namespace gangway::forward
