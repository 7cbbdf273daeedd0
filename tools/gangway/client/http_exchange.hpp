// One request and its answer over one connection. Both directions run at the same time: the answer
// is read while the body is still being sent, and may end the sending. Does not wait itself;
// ExchangeLoop does, for one or for many.
#pragma once

#include "gangway/client/request_sender.hpp"
#include "gangway/client/response_reader.hpp"
#include "gangway/client/transfer.hpp"

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <span>

namespace gangway::command {

// The command's own clock: an agent that is stopped or stuck does not keep to any of its own.
struct ExchangeBounds {
    std::optional<std::chrono::milliseconds> whole; // from its beginning to the answer's end
    pid_t core_pid = 0;                             // who is to blame; 0: not known
    // Whether the core answers anything at all; asked each time that nothing was heard of it for
    // `silence`. An application may take as long as it likes. Empty: it is not asked.
    std::function<bool()> core_answers{};
    // What to add where it does not answer: what may come of the request nevertheless.
    const char* afterwards = "";
    static constexpr std::chrono::seconds silence{5};
};

// For a request to a process.
inline constexpr const char* may_be_carried_out =
    "; the request may still be carried out when the core goes on";

class HttpExchange {
  public:
    using Clock = std::chrono::steady_clock;

    // The connection, the sender and the reader must outlive this.
    HttpExchange(int connection, RequestSender& sender, ResponseReader& reader,
                 const ExchangeBounds& bounds = {});

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
    void check_clock();

    int connection_;
    RequestSender& sender_;
    ResponseReader& reader_;
    ExchangeBounds bounds_;
    Clock::time_point begin_ = Clock::now();
    Clock::time_point heard_ = begin_; // of the core
    std::optional<BrokenAnswer> broken_;
};

} // namespace gangway::command
