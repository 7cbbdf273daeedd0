#include "http_exchange.hpp"

#include "exit_code.hpp"
#include "system_error_text.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace gangway::command {

HttpExchange::HttpExchange(FileDescriptor connection,
                           std::optional<std::chrono::seconds> silence_limit)
    : connection_(std::move(connection)),
      silence_limit_(silence_limit),
      last_sign_of_life_(Clock::now()) {}

void HttpExchange::run(RequestSender& sender, ResponseReader& reader, Progress& progress) {
    while (!reader.done()) {
        if (sender.wants_body() && sender.wait_descriptor() < 0) {
            sender.read_body();
        }
        const Ready ready = wait(sender, progress);
        if (ready.receive) {
            receive(sender, reader);
        }
        if (ready.send) {
            send(sender);
        }
        if (ready.body && sender.wants_body()) {
            sender.read_body();
        }
        check_silence();
        progress.update(sender.body_bytes_read(), reader.body_bytes());
    }
}

HttpExchange::Ready HttpExchange::wait(const RequestSender& sender,
                                       const Progress& progress) const {
    const bool sending = !sender.pending().empty();
    const int body_source = sender.wants_body() ? sender.wait_descriptor() : -1;
    // wants_body() without a descriptor to wait on: the last piece was all left out; read on at
    // once.
    const bool read_on = sender.wants_body() && body_source < 0;
    std::array<pollfd, 2> polled{
        pollfd{.fd = connection_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = body_source, .events = POLLIN, .revents = 0}}; // poll() skips -1
    if (sending) {
        polled[0].events |= POLLOUT;
    }
    if (::poll(polled.data(), polled.size(), read_on ? 0 : timeout_ms(progress)) < 0) {
        if (errno == EINTR) {
            return {};
        }
        throw Failure(ExitCode::bad_answer, "poll: " + system_error_text(errno));
    }
    const auto events = static_cast<unsigned>(polled[0].revents);
    return {.receive = (events & static_cast<unsigned>(POLLIN | POLLHUP | POLLERR)) != 0,
            .send = sending && (events & static_cast<unsigned>(POLLOUT)) != 0,
            .body = polled[1].revents != 0};
}

void HttpExchange::send(RequestSender& sender) {
    const std::string_view bytes = sender.pending();
    const ssize_t count =
        ::send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
        sender.sent(static_cast<std::size_t>(count));
        last_sign_of_life_ = Clock::now();
    } else if (errno != EAGAIN && errno != EINTR) {
        // The agent reads no more. Its answer may have arrived nevertheless.
        sender.give_up();
    }
}

void HttpExchange::receive(RequestSender& sender, ResponseReader& reader) {
    std::array<char, 65536> space; // only what was written to is read
    const ssize_t count = ::recv(connection_.get(), space.data(), space.size(), MSG_DONTWAIT);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            reader.end(true);
        }
        return;
    }
    last_sign_of_life_ = Clock::now();
    if (count == 0) {
        reader.end(false);
        return;
    }
    reader.feed(std::string_view(space.data(), static_cast<std::size_t>(count)));
    if (reader.status().value_or(0) >= 400) {
        sender.give_up();
    }
}

int HttpExchange::timeout_ms(const Progress& progress) const {
    const int redraw = progress.poll_timeout_ms();
    if (!silence_limit_) {
        return redraw;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(last_sign_of_life_ +
                                                                   *silence_limit_ - Clock::now());
    const int silence = static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
    return redraw < 0 ? silence : std::min(redraw, silence);
}

void HttpExchange::check_silence() const {
    if (silence_limit_ && Clock::now() - last_sign_of_life_ >= *silence_limit_) {
        throw Failure(ExitCode::unreachable, "the agent does not answer: nothing in " +
                                                 std::to_string(silence_limit_->count()) +
                                                 " seconds");
    }
}

} // namespace gangway::command
