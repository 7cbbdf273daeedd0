#include "host/exchange.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <poll.h>
#include <sys/socket.h>

namespace gangway::test {

namespace {

char upper(char letter) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
}

std::size_t number(std::string_view text, int base = 10) {
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (parsed.ec != std::errc()) {
        throw ConnectionEnded("not a number: " + std::string(text));
    }
    return value;
}

// The name that a header has in request.fields.
std::string field_name(gangway_protocol protocol, std::string_view header) {
    if (protocol == GANGWAY_PROTOCOL_HTTP) {
        return std::string(header);
    }
    std::string name;
    for (const char letter : header) {
        name += letter == '-' ? '_' : upper(letter);
    }
    return name == "CONTENT_TYPE" || name == "CONTENT_LENGTH" ? name : "HTTP_" + name;
}

} // namespace

bool same_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return upper(a) == upper(b); });
}

std::optional<std::string> WorkerRequest::field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
        if (protocol == GANGWAY_PROTOCOL_HTTP ? same_ignoring_case(key, name) : key == name) {
            return value;
        }
    }
    return std::nullopt;
}

std::size_t WorkerRequest::field_count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(), [&](const auto& entry) {
            return protocol == GANGWAY_PROTOCOL_HTTP ? same_ignoring_case(entry.first, name)
                                                     : entry.first == name;
        }));
}

std::optional<std::string> WorkerRequest::header(std::string_view name) const {
    return field(field_name(protocol, name));
}

std::size_t WorkerRequest::header_count(std::string_view name) const {
    return field_count(field_name(protocol, name));
}

void ConnectionIo::poll_or_end(int fd, short events) {
    std::array<pollfd, 2> watched{pollfd{fd, events, 0}, pollfd{stop_fd_, POLLIN, 0}};
    const int ready = ::poll(watched.data(), watched.size(), 60'000);
    if (ready <= 0 || watched[1].revents != 0) {
        throw ConnectionEnded(ready == 0 ? "waited for a minute" : "stopped");
    }
}

bool ConnectionIo::fill() {
    std::array<char, 65536> piece{};
    for (;;) {
        const ssize_t count = ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
        if (count > 0) {
            buffer_.append(piece.data(), static_cast<std::size_t>(count));
            return true;
        }
        if (count == 0) {
            return false;
        }
        if (errno != EAGAIN && errno != EINTR) {
            throw ConnectionEnded("recv failed");
        }
        poll_or_end(fd_, POLLIN);
    }
}

std::string_view ConnectionIo::need(std::size_t size) {
    while (buffer_.size() < size) {
        if (!fill()) {
            throw ConnectionEnded("end of stream inside a message");
        }
    }
    return std::string_view(buffer_).substr(0, size);
}

std::string ConnectionIo::read_some(std::size_t size) {
    std::string bytes(need(size));
    buffer_.erase(0, size);
    return bytes;
}

std::string ConnectionIo::line() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) {
            throw ConnectionEnded("end of stream inside a line");
        }
    }
    std::string text = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return text;
}

void ConnectionIo::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN || errno == EINTR) {
            poll_or_end(fd_, POLLOUT);
        } else {
            throw ConnectionEnded("send failed");
        }
    }
}

std::optional<WorkerRequest> ConnectionIo::next_request(gangway_protocol protocol) {
    if (buffer_.empty() && !fill()) {
        return std::nullopt;
    }
    return protocol == GANGWAY_PROTOCOL_SESSION ? session_request() : http_request();
}

WorkerRequest ConnectionIo::session_request() {
    std::size_t size = 0;
    for (const char byte : read_some(4)) {
        size = size << 8U | static_cast<unsigned char>(byte);
    }
    const std::string block = read_some(size);
    WorkerRequest request;
    std::size_t at = 0;
    while (at < block.size()) {
        const std::size_t key_end = block.find('\0', at);
        const std::size_t value_end =
            key_end == std::string::npos ? key_end : block.find('\0', key_end + 1);
        if (value_end == std::string::npos) {
            throw ConnectionEnded("the variables do not end in pairs of KEY\\0VALUE\\0");
        }
        request.fields.emplace_back(block.substr(at, key_end - at),
                                    block.substr(key_end + 1, value_end - key_end - 1));
        at = value_end + 1;
    }
    request.method = request.field("REQUEST_METHOD").value_or("");
    request.target = request.field("REQUEST_URI").value_or("");
    return request;
}

WorkerRequest ConnectionIo::http_request() {
    WorkerRequest request;
    request.protocol = GANGWAY_PROTOCOL_HTTP;
    const std::string first = line();
    const std::size_t method_end = first.find(' ');
    const std::size_t target_end = first.rfind(' ');
    if (method_end == std::string::npos || target_end <= method_end) {
        throw ConnectionEnded("not a request line: " + first);
    }
    request.method = first.substr(0, method_end);
    request.target = first.substr(method_end + 1, target_end - method_end - 1);
    for (std::string text = line(); !text.empty(); text = line()) {
        const std::size_t colon = text.find(':');
        if (colon == std::string::npos) {
            throw ConnectionEnded("not a header field: " + text);
        }
        const std::size_t value = text.find_first_not_of(" \t", colon + 1);
        request.fields.emplace_back(text.substr(0, colon),
                                    value == std::string::npos ? "" : text.substr(value));
    }
    return request;
}

void ConnectionIo::read_sized(std::size_t size, const std::function<void(std::string_view)>& each) {
    while (size > 0) {
        const std::size_t have = std::min(size, std::max<std::size_t>(buffer_.size(), 1));
        each(need(have));
        buffer_.erase(0, have);
        size -= have;
    }
}

void ConnectionIo::read_chunked(const std::function<void(std::string_view)>& each) {
    for (;;) {
        const std::size_t size = number(line(), 16);
        if (size == 0) {
            while (!line().empty()) {
            }
            return;
        }
        read_sized(size, each);
        line();
    }
}

void ConnectionIo::read_body(const WorkerRequest& request,
                             const std::function<void(std::string_view)>& each) {
    if (request.header("Transfer-Encoding").has_value()) {
        if (request.protocol == GANGWAY_PROTOCOL_HTTP) {
            read_chunked(each);
            return;
        }
        do { // the session protocol has the body plain, up to the half-close
            each(buffer_);
            buffer_.clear();
        } while (fill());
        return;
    }
    read_sized(number(request.header("Content-Length").value_or("0")), each);
}

void ConnectionIo::read_body(WorkerRequest& request) {
    read_body(request, [&](std::string_view piece) { request.body += piece; });
}

void ConnectionIo::wait(const Gate& gate) {
    poll_or_end(gate.descriptor(), POLLIN);
}

void ConnectionIo::wait_until_peer_is_gone() {
    while (fill()) {
        buffer_.clear();
    }
    int domain = 0;
    socklen_t size = sizeof domain;
    ::getsockopt(fd_, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    if (domain == AF_UNIX) {
        poll_or_end(fd_, 0); // for POLLHUP
    }
}

void ConnectionIo::half_close() {
    ::shutdown(fd_, SHUT_WR);
}

bool ConnectionIo::peer_closes_within(Milliseconds time) {
    pollfd watched{fd_, POLLRDHUP, 0};
    return ::poll(&watched, 1, static_cast<int>(time.count())) > 0;
}

} // namespace gangway::test
