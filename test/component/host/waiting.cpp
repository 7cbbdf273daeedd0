#include "host/waiting.h"

#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace gangway::test {

bool eventually(const std::function<bool()>& condition, Milliseconds bound) {
    const auto end = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) {
            return false;
        }
        std::this_thread::sleep_for(Milliseconds(2));
    }
    return true;
}

Gate::Gate() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Gate::open() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
}

bool Gate::is_open() const {
    pollfd watched{event_.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) > 0;
}

} // namespace gangway::test
