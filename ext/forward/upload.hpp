// Moves the body of a request to the process, while the answer may already be coming.
#pragma once

#include <array>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "forward/forwarder.hpp"
#include "forward/silence_watch.hpp"
#include "forward/upstream.hpp"

namespace gangway::forward {

// Runs beside the coroutine that started it, on the same thread. That one must co_await stop()
// before anything that the upload uses goes away.
class Upload {
  public:
    Upload(Client client, Upstream& upstream, SilenceWatch& watch);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    void start();
    // Interrupts it if it still runs, and waits for its end.
    net::awaitable<void> stop();

    // It does not run: there was no body, or it has come to its end.
    bool ended() const { return ended_; }
    // The whole body was read from the client.
    bool complete() const { return complete_; }
    // The client broke off, was too slow or sent nonsense; the upstream was cancelled because of
    // it.
    error_code client_error() const { return client_error_; }

  private:
    net::awaitable<void> run();
    // Reads the next piece of the body. 0: there is no more, or client_error_ is set.
    net::awaitable<std::size_t> read_piece();
    net::awaitable<bool> write_piece(std::size_t size);
    net::awaitable<bool> write_end();

    Client client_;
    Upstream& upstream_;
    SilenceWatch& watch_;
    bool chunked_; // towards the process
    bool ended_ = true;
    bool stopping_ = false;
    bool complete_ = false;
    error_code client_error_;
    net::steady_timer end_; // never expires; cancelled when the upload ends
    std::array<char, piece_bytes> piece_{};
};

} // namespace gangway::forward
