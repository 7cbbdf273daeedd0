#include "gangway/client/http_exchange.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/human_units.hpp"
#include "gangway/base/small_file.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

namespace gangway::command {

namespace {

// The state letter of /proc/PID/stat, which comes behind the name in parentheses.
char state_of(pid_t pid) {
    const auto content = read_small_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t name_end = content ? content->rfind(") ") : std::string::npos;
    return name_end == std::string::npos || name_end + 2 >= content->size()
               ? '?'
               : (*content)[name_end + 2];
}

std::string advice_about(pid_t core_pid) {
    if (core_pid > 0 && state_of(core_pid) == 'T') {
        return "; it is stopped: kill -CONT " + std::to_string(core_pid) + " lets it go on";
    }
    return "; it is stopped, stuck or very busy: look at it with ps";
}

} // namespace

HttpExchange::HttpExchange(int connection, RequestSender& sender, ResponseReader& reader,
                           const ExchangeBounds& bounds)
    : connection_(connection), sender_(sender), reader_(reader), bounds_(bounds) {}

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
    constexpr auto never = Clock::time_point::max();
    const auto end = bounds_.whole ? begin_ + *bounds_.whole : never;
    const auto next_look = bounds_.core_answers ? heard_ + ExchangeBounds::silence : never;
    const auto first = std::min(end, next_look);
    return first == never ? std::nullopt : std::optional(first);
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
    check_clock();
}

void HttpExchange::send() {
    const std::string_view bytes = sender_.pending();
    const ssize_t count =
        ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
        sender_.sent(static_cast<std::size_t>(count));
        heard_ = Clock::now();
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
    heard_ = Clock::now();
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

void HttpExchange::check_clock() {
    const auto now = Clock::now();
    if (done()) {
        return;
    }
    const std::string core = bounds_.core_pid > 0
                                 ? "the core (process " + std::to_string(bounds_.core_pid) + ")"
                                 : "the core";
    // Reading /proc is for the end alone.
    const auto advice = [this] { return advice_about(bounds_.core_pid) + bounds_.afterwards; };
    if (bounds_.whole && now >= begin_ + *bounds_.whole) {
        throw Failure(ExitCode::unreachable,
                      core + " does not answer" + (reader_.status() ? " to the end" : "") +
                          " within " +
                          fixed_decimal(std::chrono::duration<double>(*bounds_.whole).count(), 1) +
                          " s" + advice());
    }
    if (bounds_.core_answers && now >= heard_ + ExchangeBounds::silence) {
        if (!bounds_.core_answers()) {
            throw Failure(ExitCode::unreachable, core + " does not answer" + advice());
        }
        heard_ = Clock::now();
    }
}

} // namespace gangway::command
