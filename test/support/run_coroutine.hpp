// Runs a coroutine in a test.
#pragma once

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "base/asio.hpp"

namespace gangway {

// work: a function that gives an awaitable<void>. Runs it until it has ended; not until nothing is
// left to do: a timer that was stopped may still be waited for.
template <typename Work>
void run_coroutine(net::io_context& io, Work work) {
    bool ended = false;
    net::co_spawn(io, std::move(work), [&](const std::exception_ptr& failure) {
        ended = true;
        EXPECT_EQ(failure, nullptr);
    });
    io.restart();
    while (!ended && io.run_one() > 0) {
    }
}

} // namespace gangway
