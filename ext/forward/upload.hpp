// Moves the body of a request to the process, while the answer may already be coming.
#pragma once

#include <optional>
#include <string_view>

#include "base/companion.hpp"
#include "forward/client.hpp"
#include "forward/report.hpp"
#include "forward/spool.hpp"
#include "worker/exchange.hpp"
#include "worker/request_encoder.hpp"
#include "worker/upstream.hpp"

namespace gangway::forward {

// What is sent: the body as the client sends it, or one that was spooled.
struct UploadSource {
    Client client;
    worker::Body body;
    Spool* spool; // null: from the client
};

// Whoever starts it must co_await stop() before anything that the upload uses goes away.
class Upload {
  public:
    Upload(const UploadSource& source, worker::Upstream& upstream, worker::Exchange& exchange,
           Report& report);
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    void start();
    // Interrupts it if it still runs, and waits for its end.
    awaitable<void> stop();

    // It does not run: there was no body, or it has come to its end.
    bool ended() const { return !companion_ || !companion_->is_running(); }
    // The whole body was read from the client.
    bool complete() const { return complete_; }
    // The client broke off, was too slow or sent nonsense; the upstream was cancelled because of
    // it.
    error_code client_error() const { return client_error_; }

  private:
    void interrupt();
    awaitable<void> run();
    awaitable<void> move();
    // Reads the next piece of the body. Empty: there is no more, or client_error_ is set.
    awaitable<void> read_piece(std::string_view& piece);
    awaitable<bool> write_piece(std::string_view piece);
    awaitable<void> write_end();

    UploadSource source_;
    worker::Upstream& upstream_;
    worker::Exchange& exchange_;
    Report& report_;
    std::optional<Companion> companion_; // once started
    bool stopping_ = false;
    bool complete_ = false;
    error_code client_error_;
};

} // namespace gangway::forward
