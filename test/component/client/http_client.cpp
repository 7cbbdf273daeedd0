#include "client/http_client.h"

#include "host/exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace gangway::test {

namespace {

Descriptor connect_to(const std::string& path) {
    union {
        sockaddr generic;
        sockaddr_un local;
    } address{};
    address.local.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.local.sun_path) {
        throw ClientError("path too long: " + path);
    }
    std::memcpy(address.local.sun_path, path.data(), path.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), &address.generic, sizeof address.local) != 0) {
        return {};
    }
    return socket;
}

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (parsed.ec != std::errc() || text.empty()) {
        throw ClientError("not a number: " + std::string(text));
    }
    return value;
}

std::string chunks(std::string_view body) {
    constexpr std::size_t piece = 10'000;
    std::string text;
    for (std::size_t at = 0; at < body.size(); at += piece) {
        const std::string_view part = body.substr(at, piece);
        std::array<char, 16> size{};
        const auto end = std::to_chars(size.data(), size.data() + size.size(), part.size(), 16);
        text.append(size.data(), end.ptr).append("\r\n").append(part).append("\r\n");
    }
    return text + "0\r\n\r\n";
}

} // namespace

std::optional<std::string> Response::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (same_ignoring_case(key, name)) {
            return value;
        }
    }
    return std::nullopt;
}

std::size_t Response::header_count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(),
                      [&](const auto& entry) { return same_ignoring_case(entry.first, name); }));
}

Client::Client(const std::string& socket_path, Milliseconds bound)
    : socket_(connect_to(socket_path)), bound_(bound) {
    if (!socket_.valid()) {
        throw ClientError("cannot connect to " + socket_path);
    }
}

bool Client::fill() {
    pollfd watched{socket_.get(), POLLIN, 0};
    if (::poll(&watched, 1, static_cast<int>(bound_.count())) <= 0) {
        throw ClientError("no byte from the admin socket within the bound; so far: " +
                          buffer_.substr(0, 500));
    }
    std::array<char, 65536> piece{};
    const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count > 0) {
        buffer_.append(piece.data(), static_cast<std::size_t>(count));
    }
    return count > 0;
}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd watched{socket_.get(), POLLIN | POLLOUT, 0};
        if (::poll(&watched, 1, static_cast<int>(bound_.count())) <= 0) {
            throw ClientError("the admin socket takes no bytes");
        }
        if ((watched.revents & POLLIN) != 0 && !fill()) {
            return;
        }
        const ssize_t count =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EAGAIN) {
            return;
        }
    }
}

void Client::send(const Request& request) {
    std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const auto& [name, value] : request.headers) {
        text.append(name).append(": ").append(value).append("\r\n");
    }
    if (request.chunked) {
        text += "Transfer-Encoding: chunked\r\n";
    } else if (!request.body.empty() || request.empty_body) {
        text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    send(text + "\r\n" + (request.chunked ? chunks(request.body) : request.body));
}

Response Client::request(const Request& request) {
    send(request);
    return read_response(request.method == "HEAD");
}

Response Client::get(const std::string& target, const Headers& headers) {
    Request request;
    request.target = target;
    request.headers = headers;
    return this->request(request);
}

std::optional<std::string> Client::line() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n", taken_)) == std::string::npos) {
        if (!fill()) {
            return std::nullopt;
        }
    }
    std::string text = buffer_.substr(taken_, end - taken_);
    consume(end + 2 - taken_);
    return text;
}

Response Client::read_head() {
    Response response;
    const auto status = line();
    if (!status.has_value() || !status->starts_with("HTTP/1.") || status->size() < 12) {
        throw ClientError("no status line: " + status.value_or("end of stream after " + buffer_));
    }
    response.version = status->substr(0, 8);
    response.status = static_cast<int>(number(status->substr(9, 3), 10));
    response.reason = status->size() > 13 ? status->substr(13) : "";
    for (;;) {
        const auto text = line();
        if (!text.has_value()) {
            throw ClientError("end of stream inside the headers");
        }
        if (text->empty()) {
            return response;
        }
        const std::size_t colon = text->find(':');
        if (colon == std::string::npos) {
            throw ClientError("not a header field: " + *text);
        }
        const std::size_t value = text->find_first_not_of(' ', colon + 1);
        response.headers.emplace_back(text->substr(0, colon),
                                      value == std::string::npos ? "" : text->substr(value));
    }
}

// Moving what is left to the front at every step would cost the square of a body's size.
void Client::consume(std::size_t size) {
    constexpr std::size_t worth_moving = 1 << 20;
    taken_ += size;
    if (taken_ == buffer_.size() || taken_ > worth_moving) {
        buffer_.erase(0, taken_);
        taken_ = 0;
    }
}

std::string Client::rest() {
    std::string bytes = buffer_.substr(taken_);
    buffer_.clear();
    taken_ = 0;
    return bytes;
}

bool Client::take(std::size_t size, std::string& into) {
    for (;;) {
        const std::size_t have = std::min(size, buffer_.size() - taken_);
        into.append(buffer_, taken_, have);
        consume(have);
        size -= have;
        if (size == 0 || !fill()) {
            return size == 0;
        }
    }
}

bool Client::read_chunks(std::string& into) {
    for (;;) {
        const auto size = line();
        if (!size.has_value()) {
            return false;
        }
        const std::size_t count = number(*size, 16);
        if (count == 0) {
            auto trailer = line();
            while (trailer.has_value() && !trailer->empty()) {
                trailer = line();
            }
            return trailer.has_value();
        }
        if (!take(count, into) || line() != "") {
            return false;
        }
    }
}

void Client::read_body(Response& response, bool to_head) {
    if (to_head || response.status == 204 || response.status == 304 || response.status < 200) {
        response.complete = true;
    } else if (response.header("Transfer-Encoding").has_value()) {
        response.complete = read_chunks(response.body);
    } else if (const auto length = response.header("Content-Length")) {
        response.complete = take(number(*length, 10), response.body);
    } else {
        while (fill()) {
        }
        response.body += rest();
        response.complete = true;
    }
}

Response Client::read_response(bool to_head) {
    Response response = read_head();
    read_body(response, to_head);
    return response;
}

std::string Client::read_raw(std::size_t size) {
    std::string bytes;
    if (!take(size, bytes)) {
        throw ClientError("end of stream after " + std::to_string(bytes.size()) + " bytes");
    }
    return bytes + rest();
}

void Client::half_close() {
    ::shutdown(socket_.get(), SHUT_WR);
}

bool Client::has_input() const {
    pollfd watched{socket_.get(), POLLIN, 0};
    return !buffer_.empty() || ::poll(&watched, 1, 0) > 0;
}

bool Client::at_end() {
    return buffer_.empty() && !fill();
}

bool can_connect(const std::string& socket_path) {
    return connect_to(socket_path).valid();
}

} // namespace gangway::test
