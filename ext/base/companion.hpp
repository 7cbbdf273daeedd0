// A second coroutine beside the one that started it.
#pragma once

#include "base/asio.hpp"

namespace gangway {

// On the same thread. Whoever starts it must co_await ended() before anything that it uses goes;
// and interrupt it and call finish() in a destructor, since Asio destroys a coroutine where it
// stands when it has no memory to let it wait.
class Companion {
  public:
    explicit Companion(const Executor& executor)
        : executor_(executor), end_(executor, Timer::time_point::max()) {}
    ~Companion() { finish(); }
    Companion(const Companion&) = delete;
    Companion& operator=(const Companion&) = delete;

    // What work throws is dropped: it should throw nothing that matters.
    void start(awaitable<void> work);
    bool is_running() const { return running_; }
    awaitable<void> ended();
    // Runs what there is to do, for others too, until it has ended.
    void finish();

  private:
    awaitable<void> run(awaitable<void> work);

    Executor executor_;
    Timer end_; // never expires; cancelled at the end
    bool running_ = false;
};

} // namespace gangway
