#include "host/behaviours.h"

#include <charconv>

namespace gangway::test::behave {

namespace {

std::string chunk(std::string_view bytes) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16);
    std::string text(digits.data(), end.ptr);
    text.append("\r\n").append(bytes).append("\r\n");
    return text;
}

constexpr std::string_view chunked_head =
    "HTTP/1.1 200 OK\r\nStatus: 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

} // namespace

std::string ok(std::string_view body, std::string_view more_headers) {
    std::string text = "HTTP/1.1 200 OK\r\nStatus: 200 OK\r\nContent-Type: text/plain\r\n";
    text.append(more_headers).append("Content-Length: ");
    text.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return text;
}

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 2463534242U;
    for (char& byte : bytes) {
        state ^= state << 13U;
        state ^= state >> 17U;
        state ^= state << 5U;
        byte = static_cast<char>(state & 0xffU);
    }
    return bytes;
}

Behaviour answer_pid(bool keep_alive) {
    return [keep_alive](WorkerRequest& request, ConnectionIo& io) {
        io.read_body(request);
        std::string body = std::to_string(io.pid()) + " " + request.method + " " + request.target;
        std::string answer = ok(body, keep_alive ? "" : "Connection: close\r\n");
        if (request.method == "HEAD") {
            answer.resize(answer.size() - body.size());
        }
        io.write(answer);
        if (keep_alive) {
            io.keep_alive();
        }
    };
}

Behaviour echo() {
    return [](WorkerRequest& request, ConnectionIo& io) {
        const auto length = request.header("Content-Length");
        if (length.has_value()) {
            io.write("HTTP/1.1 200 OK\r\nStatus: 200 OK\r\nContent-Length: " + *length +
                     "\r\n\r\n");
            io.read_body(request, [&](std::string_view piece) { io.write(piece); });
            io.keep_alive();
            return;
        }
        io.write(chunked_head);
        io.read_body(request, [&](std::string_view piece) {
            if (!piece.empty()) {
                io.write(chunk(piece));
            }
        });
        io.write("0\r\n\r\n");
        io.keep_alive();
    };
}

Behaviour raw(std::string bytes, bool keep_alive) {
    return [bytes = std::move(bytes), keep_alive](WorkerRequest& request, ConnectionIo& io) {
        io.read_body(request);
        io.write(bytes);
        if (keep_alive) {
            io.keep_alive();
        }
    };
}

Behaviour answer_early(std::string bytes) {
    return [bytes = std::move(bytes)](WorkerRequest&, ConnectionIo& io) {
        io.write(bytes);
        io.wait_until_peer_is_gone();
    };
}

Behaviour close_at_once() {
    return [](WorkerRequest&, ConnectionIo&) {};
}

Behaviour never_answer() {
    return [](WorkerRequest&, ConnectionIo& io) { io.wait_until_peer_is_gone(); };
}

Behaviour fall_silent_after(std::string bytes) {
    return [bytes = std::move(bytes)](WorkerRequest& request, ConnectionIo& io) {
        io.read_body(request);
        io.write(bytes);
        io.wait_until_peer_is_gone();
    };
}

Behaviour answer_after(std::shared_ptr<Gate> gate, std::string bytes) {
    return [gate = std::move(gate), bytes = std::move(bytes)](WorkerRequest& request,
                                                              ConnectionIo& io) {
        io.read_body(request);
        io.wait(*gate);
        io.write(bytes);
    };
}

Behaviour download(std::size_t size, bool chunked) {
    return [size, chunked](WorkerRequest& request, ConnectionIo& io) {
        io.read_body(request);
        const std::string body = pattern(size);
        io.keep_alive();
        if (!chunked) {
            io.write(ok(body));
            return;
        }
        io.write(chunked_head);
        constexpr std::size_t piece = 10'000;
        for (std::size_t at = 0; at < body.size(); at += piece) {
            io.write(chunk(std::string_view(body).substr(at, piece)));
        }
        io.write("0\r\n\r\n");
    };
}

} // namespace gangway::test::behave
