// One request and its answer over one connection. Both directions run at the same time: the answer
// is read while the body is still being sent, and may end the sending.
#pragma once

#include "file_descriptor.hpp"
#include "progress.hpp"
#include "request_sender.hpp"
#include "response_reader.hpp"

#include <chrono>
#include <optional>

namespace gangway::command {

class HttpExchange {
  public:
    // `silence_limit`: how long the agent may say nothing; unlimited without one, since a forwarded
    // request has the agent's own limits.
    HttpExchange(FileDescriptor connection, std::optional<std::chrono::seconds> silence_limit);

    // Until the answer is whole or the receiver wants no more. Throws Failure otherwise.
    //
    // An error status or the end of the answer ends the sending. Other answers do not: an
    // application may answer while it reads.
    void run(RequestSender& sender, ResponseReader& reader, Progress& progress);

  private:
    using Clock = std::chrono::steady_clock;

    struct Ready {
        bool receive = false;
        bool send = false;
        bool body = false;
    };
    [[nodiscard]] Ready wait(const RequestSender& sender, const Progress& progress) const;
    void send(RequestSender& sender);
    void receive(RequestSender& sender, ResponseReader& reader);
    [[nodiscard]] int timeout_ms(const Progress& progress) const;
    void check_silence() const;

    FileDescriptor connection_;
    std::optional<std::chrono::seconds> silence_limit_;
    Clock::time_point last_sign_of_life_;
};

} // namespace gangway::command
