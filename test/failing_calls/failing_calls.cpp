#include "failing_calls/failing_calls.h"

#include "scarce_memory/countdown.h"
#include "scarce_memory/scarce_memory.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <initializer_list>
#include <ostream>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

namespace gangway::test {

namespace {

Countdown calls;
std::atomic<Fault> fault_wanted{Fault::descriptors};
std::atomic<const char*> first_failed{""};

// The C library's.
template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool fails(const char* name) {
    if (!calls.hits()) {
        return false;
    }
    const char* nothing = "";
    first_failed.compare_exchange_strong(nothing, name);
    return true;
}

bool may_fail() {
    return calls.is_running() && is_at_modules_code();
}

struct Way {
    Fault fault;
    int error;
};

// Whether the call of that name shall fail now; then errno says how.
bool fails(const char* name, std::initializer_list<Way> ways) {
    if (!may_fail()) {
        return false;
    }
    const auto* const way =
        std::find_if(ways.begin(), ways.end(), [](Way each) { return each.fault == fault_wanted; });
    if (way == ways.end() || !fails(name)) {
        return false;
    }
    errno = way->error;
    return true;
}

mode_t kind_of(int fd) {
    static const auto real = next<int(int, struct stat*)>("fstat");
    struct stat info {};
    return real(fd, &info) == 0 ? info.st_mode & S_IFMT : 0;
}

bool is_stream(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

bool takes_one_byte(const char* name, int fd, std::size_t size) {
    return size > 1 && may_fail() && fault_wanted == Fault::one_byte &&
           (is_stream(fd) || kind_of(fd) == S_IFREG) && fails(name);
}

// The one byte that a scattered read or write then is of.
struct FirstByte {
    FirstByte(const char* name, int fd, const iovec* vectors, std::size_t count) {
        std::size_t size = 0;
        const iovec* first = nullptr;
        for (const iovec* each = vectors; each != vectors + count; ++each) {
            size += each->iov_len;
            first = first == nullptr && each->iov_len > 0 ? each : first;
        }
        taken = takes_one_byte(name, fd, size);
        if (taken) {
            vector = {first->iov_base, 1};
        }
    }
    msghdr of(const msghdr& whole) {
        msghdr message = whole;
        message.msg_iov = &vector;
        message.msg_iovlen = 1;
        return message;
    }

    iovec vector{};
    bool taken = false;
};

// Those of netlink do not wait, and so are not interrupted; nor does anybody reset them.
bool stream_fails(const char* name, int fd, std::initializer_list<Way> ways) {
    if (!may_fail() || !is_stream(fd) || !fails(name, ways)) {
        return false;
    }
    if (fault_wanted == Fault::connection) {
        const int error = errno;
        ::shutdown(fd, SHUT_RDWR); // For its other end, too.
        errno = error;
    }
    return true;
}

bool receive_fails(const char* name, int fd) {
    return stream_fails(
        name, fd,
        {{Fault::connection, ECONNRESET}, {Fault::memory, ENOMEM}, {Fault::interruption, EINTR}});
}

bool send_fails(const char* name, int fd) {
    return stream_fails(
        name, fd,
        {{Fault::connection, EPIPE}, {Fault::memory, ENOBUFS}, {Fault::interruption, EINTR}});
}

bool read_fails(const char* name, int fd) {
    if (!may_fail()) {
        return false;
    }
    switch (kind_of(fd)) {
    case S_IFSOCK:
        return receive_fails(name, fd);
    case S_IFREG:
        return fails(name, {{Fault::disk, EIO}, {Fault::interruption, EINTR}});
    default:
        return fails(name, {{Fault::interruption, EINTR}});
    }
}

bool write_fails(const char* name, int fd) {
    if (!may_fail()) {
        return false;
    }
    switch (kind_of(fd)) {
    case S_IFSOCK:
        return send_fails(name, fd);
    case S_IFREG:
        return fails(name, {{Fault::disk, ENOSPC}, {Fault::interruption, EINTR}});
    default:
        return fails(name, {{Fault::interruption, EINTR}});
    }
}

bool makes_no_descriptor(const char* name) {
    return fails(name, {{Fault::descriptors, EMFILE}, {Fault::memory, ENOMEM}});
}

bool file_fails(const char* name) {
    return fails(name, {{Fault::disk, EIO}, {Fault::memory, ENOMEM}});
}

} // namespace

std::ostream& operator<<(std::ostream& out, Fault fault) {
    switch (fault) {
    case Fault::descriptors:
        return out << "descriptors";
    case Fault::disk:
        return out << "disk";
    case Fault::memory:
        return out << "memory";
    case Fault::connection:
        return out << "connection";
    case Fault::interruption:
        return out << "interruption";
    case Fault::one_byte:
        return out << "one byte";
    }
    return out;
}

FailingCalls::FailingCalls(Fault fault, unsigned before, unsigned failures) {
    fault_wanted = fault;
    first_failed = "";
    calls.begin(before, failures);
}

FailingCalls::~FailingCalls() {
    calls.end();
}

const char* FailingCalls::first_failed_call() {
    return first_failed;
}

} // namespace gangway::test

using gangway::test::Fault;
using gangway::test::next;

#pragma GCC visibility push(default)

extern "C" {

// ---------------------------------------------------------------- connections

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    static const auto real = next<int(int, sockaddr*, socklen_t*, int)>("accept4");
    return gangway::test::fails("accept4", {{Fault::descriptors, EMFILE},
                                            {Fault::memory, ENOBUFS},
                                            {Fault::connection, ECONNABORTED},
                                            {Fault::interruption, EINTR}})
               ? -1
               : real(fd, address, size, flags);
}

int socket(int domain, int type, int protocol) noexcept {
    static const auto real = next<int(int, int, int)>("socket");
    return gangway::test::makes_no_descriptor("socket") ? -1 : real(domain, type, protocol);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    static const auto real = next<int(int, const sockaddr*, socklen_t)>("connect");
    return gangway::test::fails("connect",
                                {{Fault::connection, ECONNREFUSED}, {Fault::memory, ENOMEM}})
               ? -1
               : real(fd, address, size);
}

int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
    static const auto real = next<int(int, const sockaddr*, socklen_t)>("bind");
    return gangway::test::fails("bind", {{Fault::disk, ENOSPC}, {Fault::memory, ENOMEM}})
               ? -1
               : real(fd, address, size);
}

ssize_t recv(int fd, void* space, size_t size, int flags) {
    static const auto real = next<ssize_t(int, void*, size_t, int)>("recv");
    if (gangway::test::receive_fails("recv", fd)) {
        return -1;
    }
    return real(fd, space, gangway::test::takes_one_byte("recv", fd, size) ? 1 : size, flags);
}

ssize_t recvfrom(int fd, void* space, size_t size, int flags, sockaddr* sender,
                 socklen_t* sender_size) {
    static const auto real =
        next<ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)>("recvfrom");
    if (gangway::test::receive_fails("recvfrom", fd)) {
        return -1;
    }
    return real(fd, space, gangway::test::takes_one_byte("recvfrom", fd, size) ? 1 : size, flags,
                sender, sender_size);
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    static const auto real = next<ssize_t(int, msghdr*, int)>("recvmsg");
    if (gangway::test::receive_fails("recvmsg", fd)) {
        return -1;
    }
    gangway::test::FirstByte first("recvmsg", fd, message->msg_iov, message->msg_iovlen);
    if (!first.taken) {
        return real(fd, message, flags);
    }
    msghdr shorter = first.of(*message);
    return real(fd, &shorter, flags);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
    static const auto real = next<ssize_t(int, const void*, size_t, int)>("send");
    if (gangway::test::send_fails("send", fd)) {
        return -1;
    }
    return real(fd, bytes, gangway::test::takes_one_byte("send", fd, size) ? 1 : size, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    static const auto real = next<ssize_t(int, const msghdr*, int)>("sendmsg");
    if (gangway::test::send_fails("sendmsg", fd)) {
        return -1;
    }
    gangway::test::FirstByte first("sendmsg", fd, message->msg_iov, message->msg_iovlen);
    if (!first.taken) {
        return real(fd, message, flags);
    }
    const msghdr shorter = first.of(*message);
    return real(fd, &shorter, flags);
}

// ---------------------------------------------------------------- descriptors of any kind

ssize_t read(int fd, void* space, size_t size) {
    static const auto real = next<ssize_t(int, void*, size_t)>("read");
    if (gangway::test::read_fails("read", fd)) {
        return -1;
    }
    return real(fd, space, gangway::test::takes_one_byte("read", fd, size) ? 1 : size);
}

ssize_t readv(int fd, const iovec* vectors, int count) {
    static const auto real = next<ssize_t(int, const iovec*, int)>("readv");
    if (gangway::test::read_fails("readv", fd)) {
        return -1;
    }
    const gangway::test::FirstByte first("readv", fd, vectors, static_cast<size_t>(count));
    return first.taken ? real(fd, &first.vector, 1) : real(fd, vectors, count);
}

ssize_t write(int fd, const void* bytes, size_t size) {
    static const auto real = next<ssize_t(int, const void*, size_t)>("write");
    if (gangway::test::write_fails("write", fd)) {
        return -1;
    }
    return real(fd, bytes, gangway::test::takes_one_byte("write", fd, size) ? 1 : size);
}

ssize_t pread(int fd, void* space, size_t size, off_t offset) {
    static const auto real = next<ssize_t(int, void*, size_t, off_t)>("pread");
    if (gangway::test::read_fails("pread", fd)) {
        return -1;
    }
    return real(fd, space, gangway::test::takes_one_byte("pread", fd, size) ? 1 : size, offset);
}

int fcntl(int fd, int command, ...) {
    static const auto real = next<int(int, int, ...)>("fcntl");
    std::va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*); // An int comes the same way.
    va_end(arguments);
    const bool makes_one = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    return makes_one && gangway::test::makes_no_descriptor("fcntl") ? -1
                                                                    : real(fd, command, argument);
}

// ---------------------------------------------------------------- the event loop

int epoll_create1(int flags) noexcept {
    static const auto real = next<int(int)>("epoll_create1");
    return gangway::test::makes_no_descriptor("epoll_create1") ? -1 : real(flags);
}

int eventfd(unsigned count, int flags) noexcept {
    static const auto real = next<int(unsigned, int)>("eventfd");
    return gangway::test::makes_no_descriptor("eventfd") ? -1 : real(count, flags);
}

int timerfd_create(clockid_t clock, int flags) noexcept {
    static const auto real = next<int(clockid_t, int)>("timerfd_create");
    return gangway::test::makes_no_descriptor("timerfd_create") ? -1 : real(clock, flags);
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    static const auto real = next<int(int, int, int, epoll_event*)>("epoll_ctl");
    // Only a new one takes memory, and is counted (max_user_watches).
    return operation == EPOLL_CTL_ADD &&
                   gangway::test::fails("epoll_ctl",
                                        {{Fault::descriptors, ENOSPC}, {Fault::memory, ENOMEM}})
               ? -1
               : real(epoll, operation, fd, event);
}

int epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
    static const auto real = next<int(int, epoll_event*, int, int)>("epoll_wait");
    return gangway::test::fails("epoll_wait", {{Fault::interruption, EINTR}})
               ? -1
               : real(epoll, events, count, timeout);
}

int poll(pollfd* descriptors, nfds_t count, int timeout) {
    static const auto real = next<int(pollfd*, nfds_t, int)>("poll");
    return gangway::test::fails("poll", {{Fault::memory, ENOMEM}, {Fault::interruption, EINTR}})
               ? -1
               : real(descriptors, count, timeout);
}

// ---------------------------------------------------------------- files

int open(const char* path, int flags, ...) {
    static const auto real = next<int(const char*, int, ...)>("open");
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        std::va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    const bool makes_file = (flags & O_TMPFILE) == O_TMPFILE;
    return gangway::test::fails("open", {{Fault::descriptors, EMFILE},
                                         {Fault::disk, makes_file ? ENOSPC : EIO},
                                         {Fault::memory, ENOMEM}})
               ? -1
               : real(path, flags, mode);
}

int ftruncate(int fd, off_t size) noexcept {
    static const auto real = next<int(int, off_t)>("ftruncate");
    return gangway::test::fails("ftruncate", {{Fault::disk, EIO}, {Fault::interruption, EINTR}})
               ? -1
               : real(fd, size);
}

int stat(const char* path, struct stat* info) noexcept {
    static const auto real = next<int(const char*, struct stat*)>("stat");
    return gangway::test::file_fails("stat") ? -1 : real(path, info);
}

int lstat(const char* path, struct stat* info) noexcept {
    static const auto real = next<int(const char*, struct stat*)>("lstat");
    return gangway::test::file_fails("lstat") ? -1 : real(path, info);
}

int chmod(const char* path, mode_t mode) noexcept {
    static const auto real = next<int(const char*, mode_t)>("chmod");
    return gangway::test::file_fails("chmod") ? -1 : real(path, mode);
}

int fchmod(int fd, mode_t mode) noexcept {
    static const auto real = next<int(int, mode_t)>("fchmod");
    return gangway::test::file_fails("fchmod") ? -1 : real(fd, mode);
}

int fchownat(int directory, const char* path, uid_t owner, gid_t group, int flags) noexcept {
    static const auto real = next<int(int, const char*, uid_t, gid_t, int)>("fchownat");
    return gangway::test::file_fails("fchownat") ? -1 : real(directory, path, owner, group, flags);
}

int unlink(const char* path) noexcept {
    static const auto real = next<int(const char*)>("unlink");
    return gangway::test::file_fails("unlink") ? -1 : real(path);
}

// ---------------------------------------------------------------- threads

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*begin)(void*),
                   void* argument) noexcept {
    static const auto real =
        next<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
    return gangway::test::fails("pthread_create", {{Fault::memory, EAGAIN}})
               ? EAGAIN
               : real(thread, attributes, begin, argument);
}

} // extern "C"

#pragma GCC visibility pop
