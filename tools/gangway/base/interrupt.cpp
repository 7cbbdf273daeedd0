#include "gangway/base/interrupt.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/system_error_text.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace gangway::command {

namespace {

// What the handler touches.
volatile std::sig_atomic_t interrupted = 0;
volatile std::sig_atomic_t event_descriptor = -1;

void tell() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(event_descriptor, &one, sizeof(one));
}

void tell_if_interrupted() {
    if (interrupted != 0) {
        tell();
    }
}

void on_interrupt(int /*number*/) {
    const int error = errno;
    interrupted = 1;
    tell();
    errno = error;
}

} // namespace

InterruptWatch::InterruptWatch() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) {
        throw Failure(ExitCode::bad_answer, "eventfd: " + system_error_text(errno));
    }
    outer_ = event_descriptor;
    event_descriptor = event_.get();
    if (outer_ >= 0) {
        tell_if_interrupted();
        return;
    }
    interrupted = 0;
    ::sigaction(SIGINT, nullptr, &before_);
    if (before_.sa_handler == SIG_IGN) {
        return;
    }
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    // No SA_RESTART: a write() that waits for a slow reader must come back.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
}

InterruptWatch::~InterruptWatch() {
    if (outer_ >= 0) {
        event_descriptor = outer_;
        tell_if_interrupted();
        return;
    }
    ::sigaction(SIGINT, &before_, nullptr);
    event_descriptor = -1;
    interrupted = 0;
}

void check_interrupt() {
    if (interrupted != 0) {
        throw Failure(ExitCode::interrupted, "interrupted");
    }
}

void pause_for(std::chrono::milliseconds duration) {
    const InterruptWatch watch;
    pollfd interrupt{.fd = watch.descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&interrupt, 1, static_cast<int>(duration.count()));
    check_interrupt();
}

} // namespace gangway::command
