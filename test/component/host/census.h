// What this test process has open: the host compares it around the module's life, to find what the
// module left behind. Descriptors and threads of the test's own are told apart by registering them.
#pragma once

#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace gangway::test {

// Owns a descriptor of the test's own: of a stand-in process, of a client, of the host.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd);
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    void reset();

  private:
    int fd_ = -1;
};

// Stands in the function of each thread of the test's own.
class ThreadMark {
  public:
    ThreadMark();
    ~ThreadMark();
    ThreadMark(ThreadMark&&) = delete;
    ThreadMark& operator=(ThreadMark&&) = delete;
    ThreadMark(const ThreadMark&) = delete;
    ThreadMark& operator=(const ThreadMark&) = delete;
};

// What the process had before the module was started.
struct Census {
    std::set<int> descriptors;
    std::set<pid_t> threads;
};
Census take_census();

// What is there now, was not there then, and is not the test's own.
std::vector<int> foreign_descriptors(const Census& before);
std::vector<pid_t> foreign_threads(const Census& before);

// "socket:[1234]", "/path", "anon_inode:[eventpoll]": what a message calls a descriptor.
std::string describe_descriptor(int fd);

// True when some epoll instance of this process watches the descriptor.
bool watched_by_epoll(int fd);

} // namespace gangway::test
