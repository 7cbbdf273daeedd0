// An application process that does next to nothing, so that what forwards to it is what gets
// measured.
//
//     bench_worker PROTOCOL CONCURRENCY [unix|tcp]
//
// One thread, one socket (Unix unless "tcp" is said: a port of 127.0.0.1), a fixed answer of 1 KiB.
// Each connection may speak HTTP/1.1 or Passenger's session protocol, whichever of them (PROTOCOL:
// "session" or "http") Passenger is told, so that other proxies can be pointed at the same socket.
// Requests have no bodies.
//
// Passenger starts it as an application that supports its spawning protocol: it says where it
// listens in the spawn work directory (Passenger's src/agent/Core/SpawningKit/README.md), and ends
// when its standard input does.

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

constexpr std::size_t body_bytes = 1024;
constexpr std::size_t largest_request_bytes = 64 * 1024;
constexpr std::size_t session_length_bytes = 4;

int check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

std::string make_answer(std::string_view more_headers) {
    // Status is what Passenger reads from session protocol answers.
    std::string answer = "HTTP/1.1 200 OK\r\nStatus: 200 OK\r\nContent-Type: text/plain\r\n";
    answer.append(more_headers).append("Content-Length: ").append(std::to_string(body_bytes));
    return answer.append("\r\n\r\n").append(body_bytes, 'x');
}

const std::string kept_alive_answer = make_answer("");
const std::string last_answer = make_answer("Connection: close\r\n");

struct Request {
    std::size_t bytes; // 0: it has not arrived whole
    bool keep_alive;
};

bool starts_ignoring_case(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && strncasecmp(text.data(), start.data(), start.size()) == 0;
}

// As all the proxies measured write it: alone on its line, one space behind the colon.
bool says_close(std::string_view head) {
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos) {
        if (starts_ignoring_case(head.substr(at), "\r\nConnection: close\r\n")) {
            return true;
        }
        at = head.find("\r\n", at + 2);
    }
    return false;
}

Request parse(std::string_view input) {
    if (input.front() != '\0') {
        const std::size_t end = input.find("\r\n\r\n");
        if (end == std::string_view::npos) {
            return {0, true};
        }
        return {end + 4, !says_close(input.substr(0, end + 2))};
    }
    // The first byte of a session header's length: none has 16 MiB.
    if (input.size() < session_length_bytes) {
        return {0, true};
    }
    std::uint32_t length = 0;
    for (const char byte : input.substr(0, session_length_bytes)) {
        length = length << 8U | static_cast<unsigned char>(byte);
    }
    const std::size_t bytes = session_length_bytes + length;
    return {input.size() < bytes ? 0 : bytes, true};
}

int listen_at(sa_family_t family, const sockaddr* address, socklen_t size) {
    const int fd = check(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    check(bind(fd, address, size), "bind");
    check(listen(fd, SOMAXCONN), "listen");
    return fd;
}

struct Listener {
    int fd;
    std::string address; // as Passenger writes it
};

Listener listen_at_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        throw std::runtime_error(path + " is too long for a socket's path");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = listen_at(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    return {fd, "unix:" + path};
}

Listener listen_at_free_port() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const int fd = listen_at(AF_INET, reinterpret_cast<const sockaddr*>(&address), size);
    check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return {fd, "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port))};
}

class Server {
  public:
    explicit Server(int listener)
        : epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), listener_(listener) {
        watch(listener_);
        watch(STDIN_FILENO);
    }

    void run() {
        std::array<epoll_event, 64> events{};
        for (;;) {
            const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int i = 0; i < count; i++) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_) {
                    accept_all();
                } else if (fd != STDIN_FILENO) {
                    serve(fd);
                } else if (stdin_ended()) {
                    return;
                }
            }
        }
    }

  private:
    void watch(int fd) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        check(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }

    static bool stdin_ended() {
        std::array<char, 256> ignored{};
        return read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0;
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                return;
            }
            if (inputs_.size() <= static_cast<std::size_t>(fd)) {
                inputs_.resize(static_cast<std::size_t>(fd) + 1);
            }
            inputs_[static_cast<std::size_t>(fd)].clear();
            // The request is there as a rule: that saves a round for who opens a connection for
            // each.
            if (serve(fd)) {
                watch(fd);
            }
        }
    }

    // Answers what has arrived. False: the connection is closed.
    bool serve(int fd) {
        std::string& input = inputs_[static_cast<std::size_t>(fd)];
        const ssize_t count = recv(fd, piece_.data(), piece_.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (count <= 0 || input.size() + static_cast<std::size_t>(count) > largest_request_bytes) {
            close(fd);
            return false;
        }
        input.append(piece_.data(), static_cast<std::size_t>(count));
        std::size_t done = 0;
        while (done < input.size()) {
            const Request request = parse(std::string_view(input).substr(done));
            if (request.bytes == 0) {
                break;
            }
            done += request.bytes;
            const std::string& answer = request.keep_alive ? kept_alive_answer : last_answer;
            const ssize_t sent = send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
            // An answer fits into the socket's buffer, unless its client does not read.
            if (sent != static_cast<ssize_t>(answer.size()) || !request.keep_alive) {
                close(fd);
                return false;
            }
        }
        input.erase(0, done);
        return true;
    }

    int epoll_;
    int listener_;
    std::vector<std::string> inputs_; // by descriptor
    std::array<char, 16 * 1024> piece_{};
};

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream file(path);
    file << text << std::flush;
    if (!file) {
        throw std::runtime_error("cannot write " + path);
    }
}

void run(const std::string& protocol, const std::string& concurrency, std::string_view family) {
    const char* work_dir = std::getenv("PASSENGER_SPAWN_WORK_DIR"); // NOLINT(concurrency-mt-unsafe)
    if (work_dir == nullptr) {
        throw std::runtime_error("not started by Passenger");
    }
    // Where Passenger insists that Unix sockets lie.
    const std::string path = read_file(std::string(work_dir) + "/args/socket_dir") + "/bench." +
                             std::to_string(getpid());
    const Listener listener = family == "tcp" ? listen_at_free_port() : listen_at_path(path);
    Server server(listener.fd);
    const std::string response = std::string(work_dir) + "/response/";
    write_file(response + "properties.json",
               R"({"sockets":[{"address":")" + listener.address + R"(","protocol":")" + protocol +
                   R"(","concurrency":)" + concurrency + R"(,"accept_http_requests":true}]})");
    write_file(response + "finish", "1");
    server.run();
    unlink(path.c_str());
}

} // namespace

int main(int argc, char** argv) {
    try {
        const std::string family = argc == 4 ? argv[3] : "unix";
        if (argc < 3 || argc > 4 || (family != "unix" && family != "tcp")) {
            throw std::runtime_error("usage: bench_worker session|http CONCURRENCY [unix|tcp]");
        }
        run(argv[1], argv[2], family);
        return EXIT_SUCCESS;
    } catch (const std::exception& e) {
        std::cerr << "bench_worker: " << e.what() << "\n";
        return EXIT_FAILURE;
    }
}
