#include "host/worker.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <ostream>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace gangway::test {

namespace {

union Address {
    sockaddr generic;
    sockaddr_un local;
    sockaddr_in internet;
};

void require(bool done, const char* what) {
    if (!done) {
        throw std::system_error(errno, std::generic_category(), what);
    }
}

} // namespace

std::ostream& operator<<(std::ostream& out, const WorkerOptions& options) {
    return out << (options.protocol == GANGWAY_PROTOCOL_SESSION ? "session" : "http")
               << (options.tcp ? " over TCP" : " over a Unix socket");
}

Worker::Worker(std::int64_t pid, const std::string& directory, WorkerOptions options,
               Behaviour behaviour)
    : pid_(pid), options_(options), behaviour_(std::move(behaviour)) {
    listen(directory);
    for (unsigned i = 0; i < options_.threads; ++i) {
        threads_.emplace_back([this] { accept_loop(); });
    }
}

Worker::~Worker() {
    stop();
}

void Worker::listen(const std::string& directory) {
    Address address{};
    socklen_t size = 0;
    listener_ = Descriptor(
        ::socket(options_.tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    require(listener_.valid(), "socket");
    if (options_.tcp) {
        address.internet.sin_family = AF_INET;
        address.internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        size = sizeof address.internet;
    } else {
        static std::atomic<unsigned> counter{0};
        path_ = directory + "/worker." + std::to_string(++counter);
        address.local.sun_family = AF_UNIX;
        require(path_.size() < sizeof address.local.sun_path, "path of a stand-in is too long");
        std::memcpy(address.local.sun_path, path_.data(), path_.size());
        size = sizeof address.local;
    }
    require(::bind(listener_.get(), &address.generic, size) == 0, "bind");
    require(::listen(listener_.get(), options_.backlog) == 0, "listen");
    require(::getsockname(listener_.get(), &address.generic, &size) == 0, "getsockname");
    address_ = options_.tcp ? "tcp://127.0.0.1:" + std::to_string(ntohs(address.internet.sin_port))
                            : "unix:" + path_;
}

void Worker::accept_loop() {
    const ThreadMark mark;
    for (;;) {
        std::array<pollfd, 2> watched{pollfd{listener_.get(), POLLIN, 0},
                                      pollfd{stop_.descriptor(), POLLIN, 0}};
        ::poll(watched.data(), watched.size(), -1);
        if (watched[1].revents != 0) {
            return;
        }
        const Descriptor connection(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (connection.valid()) {
            {
                const std::lock_guard lock(mutex_);
                ++connections_;
            }
            try {
                serve(connection.get());
            } catch (const ConnectionEnded&) {
                continue; // what the peer makes of it is what the tests look at
            }
        }
    }
}

bool Worker::wait_for_next_request(int fd) {
    std::shared_ptr<Gate> drop;
    {
        const std::lock_guard lock(mutex_);
        drop = drop_;
        ++idle_;
    }
    changed_.notify_all();
    std::array<pollfd, 3> watched{pollfd{fd, POLLIN, 0}, pollfd{stop_.descriptor(), POLLIN, 0},
                                  pollfd{drop->descriptor(), POLLIN, 0}};
    ::poll(watched.data(), watched.size(), -1);
    const std::lock_guard lock(mutex_);
    --idle_;
    return watched[1].revents == 0 && watched[2].revents == 0;
}

void Worker::serve(int fd) {
    ConnectionIo io(fd, stop_.descriptor(), pid_);
    do {
        if (!wait_for_next_request(fd)) {
            return;
        }
        auto request = io.next_request(options_.protocol);
        if (!request.has_value()) {
            return;
        }
        Behaviour behaviour;
        std::size_t index = 0;
        {
            const std::lock_guard lock(mutex_);
            behaviour = behaviour_;
            index = requests_.size();
            requests_.push_back(*request);
        }
        changed_.notify_all();
        behaviour(*request, io);
        const std::lock_guard lock(mutex_);
        requests_[index].body = std::move(request->body);
    } while (io.take_kept_alive());
}

void Worker::behave(Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    behaviour_ = std::move(behaviour);
}

std::vector<WorkerRequest> Worker::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t Worker::connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

bool Worker::wait_for_requests(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return requests_.size() >= count; });
}

void Worker::fill_backlog() {
    Address address{};
    socklen_t size = sizeof address;
    require(::getsockname(listener_.get(), &address.generic, &size) == 0, "getsockname");
    // A TCP queue that is full drops what comes, and answers nothing: a connection that is still
    // not there after a moment has met it.
    for (bool full = false; !full;) {
        Descriptor filler(
            ::socket(address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        require(filler.valid(), "socket");
        if (::connect(filler.get(), &address.generic, size) != 0) {
            require(errno == EAGAIN || errno == EINPROGRESS, "connect");
            pollfd watched{filler.get(), POLLOUT, 0};
            full = errno == EAGAIN || ::poll(&watched, 1, 100) == 0;
        }
        fillers_.push_back(std::move(filler));
    }
}

void Worker::drop_idle_connections() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return idle_ > 0; });
    std::exchange(drop_, std::make_shared<Gate>())->open();
    lock.unlock();
    // The kernel has it when the thread is back at accept: nobody notifies of that.
    eventually([&] {
        const std::lock_guard again(mutex_);
        return idle_ == 0;
    });
}

void Worker::stop() {
    stop_.open();
    for (auto& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    fillers_.clear();
    listener_.reset();
    if (!path_.empty()) {
        ::unlink(path_.c_str());
    }
}

} // namespace gangway::test
