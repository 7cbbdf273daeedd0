#include "base/doorbell.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/take_descriptor.hpp"

namespace gangway {

namespace {

int make_eventfd() {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        throw std::system_error(errno, std::system_category(), "eventfd");
    }
    return fd;
}

} // namespace

Doorbell::Doorbell(const Executor& executor, std::function<void()> on_ring)
    : descriptor_(take_descriptor(executor, make_eventfd())), on_ring_(std::move(on_ring)) {
    wait();
}

void Doorbell::ring() {
    const std::uint64_t one = 1;
    while (::write(descriptor_.native_handle(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

void Doorbell::close() {
    descriptor_.close();
}

void Doorbell::ensure_waiting() {
    if (!waiting_ && descriptor_.is_open()) {
        wait();
    }
}

void Doorbell::wait() {
    descriptor_.async_wait(net::posix::descriptor_base::wait_read, [this](error_code ec) {
        waiting_ = false;
        if (ec) {
            return;
        }
        std::uint64_t rings = 0;
        const bool rung = ::read(descriptor_.native_handle(), &rings, sizeof(rings)) > 0;
        wait();
        if (rung) {
            on_ring_();
        }
    });
    waiting_ = true;
}

} // namespace gangway
