#include "http_exchange.hpp"

#include "exit_code.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace gangway::command {

HttpExchange::HttpExchange(int connection, RequestSender& sender, ResponseReader& reader,
                           std::optional<std::chrono::seconds> silence_limit)
    : connection_(connection),
      sender_(sender),
      reader_(reader),
      silence_limit_(silence_limit),
      last_sign_of_life_(Clock::now()) {}

HttpExchange::Polled HttpExchange::wanted() {
    if (is_ready()) {
        sender_.read_body();
    }
    Polled polled{pollfd{.fd = connection_, .events = POLLIN, .revents = 0},
                  pollfd{.fd = sender_.wants_body() ? sender_.wait_descriptor() : -1,
                         .events = POLLIN,
                         .revents = 0}}; // poll() skips -1
    if (!sender_.pending().empty()) {
        polled[0].events |= POLLOUT;
    }
    return polled;
}

bool HttpExchange::is_ready() const {
    // After wanted(): the last piece was all left out, so there is nothing to send yet.
    return sender_.wants_body() && sender_.wait_descriptor() < 0;
}

std::optional<HttpExchange::Clock::time_point> HttpExchange::deadline() const {
    return silence_limit_ ? std::optional(last_sign_of_life_ + *silence_limit_) : std::nullopt;
}

void HttpExchange::advance(std::span<const pollfd, polled_count> polled) {
    const auto events = static_cast<unsigned>(polled[0].revents);
    if ((events & static_cast<unsigned>(POLLIN | POLLHUP | POLLERR)) != 0) {
        receive();
    }
    if ((events & static_cast<unsigned>(POLLOUT)) != 0 && !sender_.pending().empty()) {
        send();
    }
    if (polled[1].revents != 0 && sender_.wants_body()) {
        sender_.read_body();
    }
    check_silence();
}

void HttpExchange::send() {
    const std::string_view bytes = sender_.pending();
    const ssize_t count =
        ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
        sender_.sent(static_cast<std::size_t>(count));
        last_sign_of_life_ = Clock::now();
    } else if (errno != EAGAIN && errno != EINTR) {
        // The agent reads no more. Its answer may have arrived nevertheless.
        sender_.give_up();
    }
}

void HttpExchange::receive() {
    std::array<char, 65536> space; // only what was written to is read
    const ssize_t count = ::recv(connection_, space.data(), space.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    last_sign_of_life_ = Clock::now();
    try {
        if (count <= 0) {
            reader_.end(count < 0);
        } else {
            reader_.feed(std::string_view(space.data(), static_cast<std::size_t>(count)));
        }
    } catch (const BrokenAnswer& broken) {
        broken_ = broken;
    }
    if (broken_ || reader_.status().value_or(0) >= 400) {
        sender_.give_up();
    }
}

bool HttpExchange::leaves_connection_open() const {
    return !broken_ && sender_.complete() && reader_.leaves_connection_open();
}

Transfer HttpExchange::transfer() const {
    return {.sent = sender_.body_bytes_read(),
            .sent_announced = sender_.announced_bytes(),
            .received = reader_.body_bytes(),
            .received_announced = reader_.announced_bytes()};
}

void HttpExchange::check_silence() const {
    const auto latest = deadline();
    if (!done() && latest && Clock::now() >= *latest) {
        throw Failure(ExitCode::unreachable, "the agent does not answer: nothing in " +
                                                 std::to_string(silence_limit_->count()) +
                                                 " seconds");
    }
}

} // namespace gangway::command
