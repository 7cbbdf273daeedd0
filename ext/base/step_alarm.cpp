#include "base/step_alarm.hpp"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <limits>
#include <system_error>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

#include "base/take_descriptor.hpp"

namespace gangway {

namespace {

int make_timerfd() {
    const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0) {
        throw std::system_error(errno, std::system_category(), "timerfd_create");
    }
    return fd;
}

// For the end of time, and to be cancelled when the clock is set.
bool arm(int fd) {
    itimerspec never{};
    never.it_value.tv_sec = std::numeric_limits<std::time_t>::max();
    return ::timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0;
}

} // namespace

StepAlarm::StepAlarm(const Executor& executor, std::function<void()> on_step)
    : descriptor_(take_descriptor(executor, make_timerfd())),
      on_step_(std::move(on_step)),
      works_(arm(descriptor_.native_handle())) {
    if (works_) {
        wait();
    }
}

void StepAlarm::close() {
    descriptor_.close();
}

void StepAlarm::wait() {
    descriptor_.async_wait(net::posix::descriptor_base::wait_read, [this](error_code ec) {
        if (ec) {
            return;
        }
        // The timer stays armed when it is cancelled, and says so once for each time.
        std::uint64_t expirations = 0;
        const bool cancelled =
            ::read(descriptor_.native_handle(), &expirations, sizeof(expirations)) < 0 &&
            errno == ECANCELED;
        wait();
        if (cancelled) {
            on_step_();
        }
    });
}

} // namespace gangway
