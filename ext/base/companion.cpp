#include "base/companion.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/guard.hpp"

namespace gangway {

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
    const Guard at_end([this] {
        running_ = false;
        end_.cancel();
    });
    try {
        co_await std::move(work);
    } catch (...) { // Out of memory, say. Whoever waits for the end must not wait for ever.
    }
}

awaitable<void> Companion::ended() {
    while (running_) {
        co_await end_.async_wait(as_result);
    }
}

void Companion::finish() {
    for (bool more = true; running_ && more;) {
        try {
            more = executor_.context().run_one() > 0;
        } catch (...) { // Another's, for which there is no memory either.
        }
    }
}

} // namespace gangway
