// System calls that fail, or do less than was asked, for the module alone: a test program's
// accept4(), recv(), write() and the like, which the module it loads calls in place of the C
// library's.
#pragma once

#include <cstdint>
#include <iosfwd>

namespace gangway::test {

// What befalls a call. Each befalls only those that can meet it on Linux, with the errno of their
// manual pages.
enum class Fault : std::uint8_t {
    descriptors,  // none is left: EMFILE
    disk,         // it is full, or broken: ENOSPC, EIO
    memory,       // the system has none: ENOMEM, ENOBUFS
    connection,   // it is reset, refused, or gone before it is accepted
    interruption, // EINTR
    one_byte,     // a read or a write that stops after the first byte
};

std::ostream& operator<<(std::ostream& out, Fault fault);

// While one lives, the module's thread has the next `before` calls that this can befall done, and
// then not `failures` of them. Neither the host's nor the stand-ins' fail.
class FailingCalls {
  public:
    FailingCalls(Fault fault, unsigned before, unsigned failures);
    ~FailingCalls();
    FailingCalls(const FailingCalls&) = delete;
    FailingCalls& operator=(const FailingCalls&) = delete;
    FailingCalls(FailingCalls&&) = delete;
    FailingCalls& operator=(FailingCalls&&) = delete;

    // The first that failed, by its name; empty: none has, so far.
    [[nodiscard]] static const char* first_failed_call();
    [[nodiscard]] static bool has_failed() { return *first_failed_call() != '\0'; }
};

} // namespace gangway::test
