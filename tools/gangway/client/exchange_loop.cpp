#include "gangway/client/exchange_loop.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/system_error_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace gangway::command {

namespace {

// At most `longest_ms`, where that is not negative.
int timeout_ms(std::span<HttpExchange* const> exchanges, int longest_ms) {
    using Milliseconds = std::chrono::milliseconds;
    int timeout = longest_ms;
    for (const HttpExchange* exchange : exchanges) {
        if (exchange->is_ready()) {
            return 0;
        }
        if (const auto latest = exchange->deadline()) {
            const auto left = std::chrono::ceil<Milliseconds>(*latest - HttpExchange::Clock::now());
            const int left_ms = static_cast<int>(std::max<Milliseconds::rep>(left.count(), 0));
            timeout = timeout < 0 ? left_ms : std::min(timeout, left_ms);
        }
    }
    return timeout;
}

} // namespace

void ExchangeLoop::step(std::span<HttpExchange* const> exchanges, int longest_ms) {
    polled_.clear();
    polled_.push_back({.fd = interrupt_.descriptor(), .events = POLLIN, .revents = 0});
    for (HttpExchange* exchange : exchanges) {
        const HttpExchange::Polled wanted = exchange->wanted();
        polled_.insert(polled_.end(), wanted.begin(), wanted.end());
    }
    if (::poll(polled_.data(), polled_.size(), timeout_ms(exchanges, longest_ms)) < 0) {
        if (errno == EINTR) {
            check_interrupt();
            return;
        }
        throw Failure(ExitCode::bad_answer, "poll: " + system_error_text(errno));
    }
    check_interrupt();
    std::span<const pollfd> rest = std::span<const pollfd>(polled_).subspan(1);
    for (HttpExchange* exchange : exchanges) {
        exchange->advance(rest.first<HttpExchange::polled_count>());
        rest = rest.subspan(HttpExchange::polled_count);
    }
}

void ExchangeLoop::run(HttpExchange& exchange, ExchangeObserver& observer) {
    const std::array<HttpExchange*, 1> alone{&exchange};
    while (!exchange.done()) {
        step(alone, observer.poll_timeout_ms());
        observer.look(exchange.transfer());
    }
    if (exchange.broken()) {
        throw BrokenAnswer(*exchange.broken());
    }
}

} // namespace gangway::command
