// The machine's clock, as far as an agent sees it, that a test can set: by LD_PRELOAD.
//
// SETTABLE_CLOCK names a file of eight bytes, a native int64: by how many seconds the clock is
// ahead of the machine's. To write it is to set the clock: it is read at once from then on, and
// timers that are to be cancelled when the clock is set (TFD_TIMER_CANCEL_ON_SET) are. Only in
// processes named PassengerAgent; the applications have the machine's.
#undef _FORTIFY_SOURCE // It defines read(), too.

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace {

struct SettableClock {
    const char* path = nullptr; // null: not in this process
    const volatile std::int64_t* ahead = nullptr;
    // By descriptor: it stands for a timer, and is an inotify(7) that watches the file.
    std::array<std::atomic<bool>, 4096> is_timer{};

    SettableClock() {
        const char* const file = std::getenv("SETTABLE_CLOCK"); // NOLINT(concurrency-mt-unsafe)
        if (file == nullptr ||
            std::strncmp(program_invocation_short_name, "PassengerAgent", 14) != 0) {
            return;
        }
        const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            std::abort();
        }
        void* const memory = ::mmap(nullptr, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
        ::syscall(SYS_close, fd);
        if (memory == MAP_FAILED) {
            std::abort();
        }
        ahead = static_cast<const volatile std::int64_t*>(memory);
        path = file;
    }
    bool is_ours(int fd) const {
        return fd >= 0 && static_cast<std::size_t>(fd) < is_timer.size() &&
               is_timer.at(static_cast<std::size_t>(fd));
    }
    void mark(int fd, bool ours) {
        if (fd >= 0 && static_cast<std::size_t>(fd) < is_timer.size()) {
            is_timer.at(static_cast<std::size_t>(fd)) = ours;
        }
    }
};

// Made with its first use, which may come before the constructors of this library are run.
SettableClock& settable() {
    static SettableClock clock;
    return clock;
}

// Whether the clock was set since the last call.
bool take_step(int fd) {
    std::array<char, 4096> events{};
    return ::syscall(SYS_read, fd, events.data(), events.size()) > 0;
}

} // namespace

extern "C" {

#pragma GCC visibility push(default)

int clock_gettime(clockid_t id, timespec* time) noexcept {
    const long result = ::syscall(SYS_clock_gettime, id, time);
    if (result == 0 && settable().ahead != nullptr &&
        (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        time->tv_sec += *settable().ahead;
    }
    return static_cast<int>(result);
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    *time = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

std::time_t time(std::time_t* out) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != nullptr) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

int timerfd_create(int id, int flags) noexcept {
    if (settable().path == nullptr || id != CLOCK_REALTIME) {
        return static_cast<int>(::syscall(SYS_timerfd_create, id, flags));
    }
    const int fd = ::inotify_init1(IN_NONBLOCK | ((flags & TFD_CLOEXEC) != 0 ? IN_CLOEXEC : 0));
    if (fd >= 0 && ::inotify_add_watch(fd, settable().path, IN_MODIFY) < 0) {
        std::abort();
    }
    settable().mark(fd, true);
    return fd;
}

int timerfd_settime(int fd, int flags, const itimerspec* value, itimerspec* old) noexcept {
    if (!settable().is_ours(fd)) {
        return static_cast<int>(::syscall(SYS_timerfd_settime, fd, flags, value, old));
    }
    if ((flags & TFD_TIMER_CANCEL_ON_SET) == 0) {
        std::abort(); // It would have to go off.
    }
    take_step(fd);
    return 0;
}

ssize_t read(int fd, void* buffer, std::size_t size) {
    if (!settable().is_ours(fd)) {
        return ::syscall(SYS_read, fd, buffer, size);
    }
    errno = take_step(fd) ? ECANCELED : EAGAIN;
    return -1;
}

int close(int fd) {
    settable().mark(fd, false);
    return static_cast<int>(::syscall(SYS_close, fd));
}

#pragma GCC visibility pop

} // extern "C"
