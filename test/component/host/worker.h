// A stand-in for one listening socket of an application process, with the threads that serve it.
#pragma once

#include "host/exchange.h"

#include <condition_variable>
#include <iosfwd>
#include <mutex>
#include <thread>

namespace gangway::test {

// What a stand-in does with a request. A connection is closed when it returns or throws, unless
// it called keep_alive().
using Behaviour = std::function<void(WorkerRequest&, ConnectionIo&)>;

struct WorkerOptions {
    gangway_protocol protocol = GANGWAY_PROTOCOL_SESSION;
    bool tcp = false;
    // Each serves one connection to its end before it accepts another, as a Ruby worker does.
    // 0: nobody ever accepts.
    unsigned threads = 1;
    int backlog = 128;
};

std::ostream& operator<<(std::ostream& out, const WorkerOptions& options);

// Serves from construction until stop(). Thread-safe.
class Worker {
  public:
    Worker(std::int64_t pid, const std::string& directory, WorkerOptions options,
           Behaviour behaviour);
    ~Worker();
    Worker(Worker&&) = delete;
    Worker& operator=(Worker&&) = delete;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] gangway_protocol protocol() const { return options_.protocol; }

    void behave(Behaviour behaviour); // from the next request on
    // The requests so far, with as much of their bodies as the behaviour read when it returned.
    [[nodiscard]] std::vector<WorkerRequest> requests() const;
    [[nodiscard]] std::size_t connections() const; // accepted so far
    // Waits until so many requests have come; false when they did not.
    [[nodiscard]] bool wait_for_requests(std::size_t count) const;
    // Fills the listen queue, of a stand-in with no thread, with connections of its own.
    void fill_backlog();
    // Closes every connection on which no request is being served, as an idle timeout does.
    void drop_idle_connections();
    // Ends the threads, closes the sockets: from now on a connection is refused.
    void stop();

  private:
    void listen(const std::string& directory);
    void accept_loop();
    void serve(int fd);
    bool wait_for_next_request(int fd);

    const std::int64_t pid_;
    const WorkerOptions options_;
    std::string address_;
    std::string path_;
    Descriptor listener_;
    Gate stop_;
    std::vector<Descriptor> fillers_;
    std::vector<std::thread> threads_;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Behaviour behaviour_;
    std::vector<WorkerRequest> requests_;
    std::size_t connections_ = 0;
    std::shared_ptr<Gate> drop_ = std::make_shared<Gate>();
    std::size_t idle_ = 0; // connections that wait for their next request
};

} // namespace gangway::test
