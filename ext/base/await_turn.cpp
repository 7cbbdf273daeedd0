#include "base/await_turn.hpp"

namespace gangway {

awaitable<void> await_turn(Turns::Caller& caller, const Executor& executor) {
    do {
        caller.step_back();
        co_await others_first(executor);
        caller.come_back();
    } while (!caller.has_turn(Turns::Clock::now()));
}

} // namespace gangway
