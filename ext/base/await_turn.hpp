// Waits for a turn.
#pragma once

#include "base/asio.hpp"
#include "base/turns.hpp"

namespace gangway {

// Lets the others go first, and again until it is caller's turn, however long that takes. caller
// outlives it.
awaitable<void> await_turn(Turns::Caller& caller, const Executor& executor);

} // namespace gangway
