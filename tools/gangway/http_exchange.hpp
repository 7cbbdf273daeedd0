// One request and its answer over one connection. Both directions run at the same time: the answer
// is read while the body is still being sent, and may end the sending. Does not wait itself;
// ExchangeLoop does, for one or for many.
#pragma once

#include "progress_text.hpp"
#include "request_sender.hpp"
#include "response_reader.hpp"

#include <poll.h>

#include <array>
#include <chrono>
#include <optional>
#include <span>

namespace gangway::command {

class HttpExchange {
  public:
    using Clock = std::chrono::steady_clock;

    // The connection, the sender and the reader must outlive this. `silence_limit`: how long the
    // agent may say nothing; unlimited without one, since a forwarded request has the agent's own
    // limits.
    HttpExchange(int connection, RequestSender& sender, ResponseReader& reader,
                 std::optional<std::chrono::seconds> silence_limit = std::nullopt);

    // The connection and where the body comes from, either of which may be -1.
    static constexpr std::size_t polled_count = 2;
    using Polled = std::array<pollfd, polled_count>;

    // What to wait for. Takes what can be had of the body without waiting, and throws Failure where
    // that cannot be read.
    [[nodiscard]] Polled wanted();
    // Nothing to wait for: advance() has something to do.
    [[nodiscard]] bool is_ready() const;
    // When to call advance() at the latest.
    [[nodiscard]] std::optional<Clock::time_point> deadline() const;

    // Goes as far as it gets without waiting. `polled` is what wanted() was, with poll()'s answer.
    //
    // An error status or the end of the answer ends the sending. Other answers do not: an
    // application may answer while it reads.
    void advance(std::span<const pollfd, polled_count> polled);

    // The answer is whole, or the receiver wants no more of it, or it is broken.
    [[nodiscard]] bool done() const { return broken_ || reader_.done(); }
    [[nodiscard]] const std::optional<BrokenAnswer>& broken() const { return broken_; }

    // Once done: another exchange may follow on the connection.
    [[nodiscard]] bool leaves_connection_open() const;

    [[nodiscard]] Transfer transfer() const;

  private:
    void send();
    void receive();
    void check_silence() const;

    int connection_;
    RequestSender& sender_;
    ResponseReader& reader_;
    std::optional<std::chrono::seconds> silence_limit_;
    Clock::time_point last_sign_of_life_;
    std::optional<BrokenAnswer> broken_;
};

} // namespace gangway::command
