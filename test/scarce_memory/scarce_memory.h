// Memory that runs out, for the module alone: a test program's operator new and aligned_alloc(), of
// which the latter is what Asio takes for coroutines and operations. The module uses them, too.
#pragma once

#include <cstdint>

namespace gangway::test {

enum class Memory : std::uint8_t {
    any,
    but_asios, // what comes from operator new
};

// While one lives, the module's thread gets the next `before` allocations and then not `failures`
// of them. Neither the host's nor the stand-ins' fail. Several failures in a row of Asio's
// allocations are not survived: it ends the program when it has no memory to unwind a coroutine.
class ScarceMemory {
  public:
    ScarceMemory(unsigned before, unsigned failures, Memory which);
    ~ScarceMemory();
    ScarceMemory(const ScarceMemory&) = delete;
    ScarceMemory& operator=(const ScarceMemory&) = delete;
    ScarceMemory(ScarceMemory&&) = delete;
    ScarceMemory& operator=(ScarceMemory&&) = delete;

    [[nodiscard]] static bool has_failed();
};

// Whether this thread is at the module's code: the one named "gangway", or one that is InModule.
bool is_at_modules_code();

// While one lives, this thread is at the module's code, as it is where it starts the module.
class InModule {
  public:
    InModule();
    ~InModule();
    InModule(const InModule&) = delete;
    InModule& operator=(const InModule&) = delete;
    InModule(InModule&&) = delete;
    InModule& operator=(InModule&&) = delete;
};

// While one lives, this thread is not at the module's code, but in the host.
class InHost {
  public:
    InHost();
    ~InHost();
    InHost(const InHost&) = delete;
    InHost& operator=(const InHost&) = delete;
    InHost(InHost&&) = delete;
    InHost& operator=(InHost&&) = delete;
};

} // namespace gangway::test
