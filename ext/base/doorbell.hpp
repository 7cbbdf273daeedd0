// Lets another thread tell the server's thread something.
#pragma once

#include <functional>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "base/asio.hpp"

namespace gangway {

// The server's io_context locks nothing, so net::post() from another thread would be a race. This
// is an eventfd(2) that the server's thread waits on.
class Doorbell {
  public:
    // on_ring is called on the thread that runs the executor's context, once for any number of
    // rings since the last call. Throws std::system_error when there is no descriptor left.
    Doorbell(const Executor& executor, std::function<void()> on_ring);

    // From any thread, between construction and close().
    void ring();
    // On the context's thread: listens again, where an exception ended that, which the context's
    // run() has thrown.
    void ensure_waiting();
    // On the context's thread: nothing is waited for any more.
    void close();

  private:
    void wait();

    net::posix::basic_stream_descriptor<Executor> descriptor_;
    std::function<void()> on_ring_;
    bool waiting_ = false;
};

} // namespace gangway
