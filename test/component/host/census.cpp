#include "host/census.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace gangway::test {

namespace {

struct Registry {
    std::mutex mutex;
    std::set<int> descriptors;
    std::set<pid_t> threads;
};

Registry& registry() {
    static Registry instance;
    return instance;
}

std::set<int> numbers_in(const std::string& directory) {
    std::set<int> numbers;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const std::string name = entry.path().filename().string();
        int number = -1;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
        if (parsed.ec == std::errc()) {
            numbers.insert(number);
        }
    }
    return numbers;
}

// The listing has the descriptor of the directory that is being read, which is closed by now.
std::set<int> open_descriptors() {
    std::set<int> open;
    for (const int fd : numbers_in("/proc/self/fd")) {
        if (!describe_descriptor(fd).empty()) {
            open.insert(fd);
        }
    }
    return open;
}

} // namespace

Descriptor::Descriptor(int fd) : fd_(fd) {
    if (fd_ >= 0) {
        const std::lock_guard lock(registry().mutex);
        registry().descriptors.insert(fd_);
    }
}

Descriptor::~Descriptor() {
    reset();
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Descriptor::reset() {
    if (fd_ >= 0) {
        const std::lock_guard lock(registry().mutex);
        registry().descriptors.erase(fd_);
        ::close(std::exchange(fd_, -1));
    }
}

ThreadMark::ThreadMark() {
    const std::lock_guard lock(registry().mutex);
    registry().threads.insert(::gettid());
}

ThreadMark::~ThreadMark() {
    const std::lock_guard lock(registry().mutex);
    registry().threads.erase(::gettid());
}

Census take_census() {
    return {open_descriptors(), numbers_in("/proc/self/task")};
}

std::vector<int> foreign_descriptors(const Census& before) {
    const std::lock_guard lock(registry().mutex);
    std::vector<int> foreign;
    for (const int fd : open_descriptors()) {
        if (!before.descriptors.contains(fd) && !registry().descriptors.contains(fd)) {
            foreign.push_back(fd);
        }
    }
    return foreign;
}

std::vector<pid_t> foreign_threads(const Census& before) {
    const std::lock_guard lock(registry().mutex);
    std::vector<pid_t> foreign;
    for (const pid_t thread : numbers_in("/proc/self/task")) {
        if (!before.threads.contains(thread) && !registry().threads.contains(thread)) {
            foreign.push_back(thread);
        }
    }
    return foreign;
}

std::string describe_descriptor(int fd) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    return error ? std::string() : target.string();
}

bool watched_by_epoll(int fd) {
    for (const int candidate : numbers_in("/proc/self/fd")) {
        if (describe_descriptor(candidate) != "anon_inode:[eventpoll]") {
            continue;
        }
        std::ifstream info("/proc/self/fdinfo/" + std::to_string(candidate));
        std::string word;
        while (info >> word) {
            int watched = -1;
            if (word == "tfd:" && info >> watched && watched == fd) {
                return true;
            }
        }
    }
    return false;
}

} // namespace gangway::test
