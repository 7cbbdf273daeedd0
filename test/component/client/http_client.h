// A small blocking HTTP/1.1 client over a Unix socket. It takes an answer apart without repairing
// anything, so that tests see what was sent; and it sends any bytes, malformed ones too.
#pragma once

#include "host/waiting.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Nothing came within the bound, or what came is not HTTP: a failure of the test.
class ClientError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct Response {
    int status = 0;
    std::string version; // "HTTP/1.1"
    std::string reason;
    Headers headers;
    std::string body;
    // The body ended as its framing says; false when the connection broke before.
    bool complete = false;

    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
    [[nodiscard]] std::size_t header_count(std::string_view name) const;
};

struct Request {
    std::string method = "GET";
    std::string target = "/";
    Headers headers = {};
    std::string body = {};   // with Content-Length, unless empty or chunked
    bool chunked = false;    // in pieces of 10,000 bytes
    bool empty_body = false; // Content-Length: 0
};

// One connection. Belongs to one thread.
class Client {
  public:
    explicit Client(const std::string& socket_path, Milliseconds bound = patience);

    // Sends the request and reads its answer, reading while it sends.
    Response request(const Request& request);
    Response get(const std::string& target, const Headers& headers = {});

    // Piece by piece. send() stops when the peer closes, since the answer may be there already.
    void send(std::string_view bytes);
    void send(const Request& request);
    Response read_response(bool to_head = false);
    // The status line and headers only; the body stays to be read by read_body().
    Response read_head();
    void read_body(Response& response, bool to_head);
    // At least so many bytes of what comes, body or not, taken off.
    std::string read_raw(std::size_t size);
    void half_close();
    [[nodiscard]] bool has_input() const; // something came, or the end
    // The peer closed, and sent nothing more.
    [[nodiscard]] bool at_end();

  private:
    bool fill(); // false at the end of the stream
    std::optional<std::string> line();
    void consume(std::size_t size);
    std::string rest();
    bool take(std::size_t size, std::string& into);
    bool read_chunks(std::string& into);

    Descriptor socket_;
    Milliseconds bound_;
    std::string buffer_;
    std::size_t taken_ = 0; // of buffer_, by what was read already
};

// Whether a connection can be made.
bool can_connect(const std::string& socket_path);

} // namespace gangway::test
