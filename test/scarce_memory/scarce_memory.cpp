#include "scarce_memory/scarce_memory.h"

#include "scarce_memory/countdown.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include <pthread.h>

namespace gangway::test {

namespace {

Countdown allocations;
std::atomic<Memory> which_memory{Memory::any};
thread_local unsigned in_host = 0;
thread_local unsigned in_module = 0;

bool is_modules_thread() {
    std::array<char, 16> name{};
    return ::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0 &&
           std::string_view(name.data()) == "gangway";
}

bool runs_out() {
    return allocations.is_running() && is_at_modules_code() && allocations.hits();
}

bool asio_runs_out() {
    return which_memory == Memory::any && runs_out();
}

} // namespace

ScarceMemory::ScarceMemory(unsigned before, unsigned failures, Memory which) {
    which_memory = which;
    allocations.begin(before, failures);
}

ScarceMemory::~ScarceMemory() {
    allocations.end();
}

bool ScarceMemory::has_failed() {
    return allocations.has_hit();
}

bool is_at_modules_code() {
    return in_host == 0 && (in_module > 0 || is_modules_thread());
}

InModule::InModule() {
    ++in_module;
}

InModule::~InModule() {
    --in_module;
}

InHost::InHost() {
    ++in_host;
}

InHost::~InHost() {
    --in_host;
}

} // namespace gangway::test

// As the standard wants them replaced; the others call these.

#pragma GCC visibility push(default)

void* operator new(std::size_t size) {
    void* const memory = gangway::test::runs_out() ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return gangway::test::runs_out() ? nullptr : std::malloc(size == 0 ? 1 : size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    void* memory = nullptr;
    if (gangway::test::asio_runs_out() || ::posix_memalign(&memory, alignment, size) != 0) {
        return nullptr;
    }
    return memory;
}

#pragma GCC visibility pop
