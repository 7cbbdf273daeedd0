// One request at a stand-in process: what it was asked, and the connection to answer on.
#pragma once

#include "gangway/agent_abi.h"
#include "host/waiting.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::test {

// The peer went away, the stand-in is being stopped, or what came is no request.
class ConnectionEnded : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct WorkerRequest {
    gangway_protocol protocol = GANGWAY_PROTOCOL_SESSION;
    std::string method;
    std::string target; // with the query, as it came
    // Header fields of HTTP, or variables of the session protocol, in the order in which they came.
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body; // as far as the behaviour read it

    // By the field's own name: "Content-Type" or "CONTENT_TYPE".
    [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
    [[nodiscard]] std::size_t field_count(std::string_view name) const;
    // By the header's name under either protocol: "X-Foo" is HTTP_X_FOO in the session protocol.
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
    [[nodiscard]] std::size_t header_count(std::string_view name) const;
};

// Not thread-safe: belongs to the thread that serves the connection. Every call ends when the
// stand-in is stopped, by ConnectionEnded.
class ConnectionIo {
  public:
    ConnectionIo(int fd, int stop_fd, std::int64_t pid) : fd_(fd), stop_fd_(stop_fd), pid_(pid) {}

    [[nodiscard]] std::int64_t pid() const { return pid_; }

    // The next request, without its body. Nothing when the peer closed before its first byte.
    std::optional<WorkerRequest> next_request(gangway_protocol protocol);

    void write(std::string_view bytes);
    // The body, piece by piece as it comes, until its end by length, last chunk or end of stream.
    void read_body(const WorkerRequest& request, const std::function<void(std::string_view)>& each);
    void read_body(WorkerRequest& request);  // into request.body
    std::string read_some(std::size_t size); // exactly so many bytes
    void wait(const Gate& gate);
    // A half-close, the end of a body in the session protocol, is not enough. TCP does not tell the
    // two apart.
    void wait_until_peer_is_gone();
    // The peer closed its side, or does so before the time is over.
    bool peer_closes_within(Milliseconds time);

    // Nothing more is written; what the peer writes is still read.
    void half_close();

    // The connection serves a further request when the behaviour has returned.
    void keep_alive() { kept_alive_ = true; }
    [[nodiscard]] bool take_kept_alive() { return std::exchange(kept_alive_, false); }

  private:
    void poll_or_end(int fd, short events);
    bool fill(); // false at the end of the stream
    std::string_view need(std::size_t size);
    std::string line();
    WorkerRequest session_request();
    WorkerRequest http_request();
    void read_sized(std::size_t size, const std::function<void(std::string_view)>& each);
    void read_chunked(const std::function<void(std::string_view)>& each);

    int fd_;
    int stop_fd_;
    std::int64_t pid_;
    std::string buffer_;
    bool kept_alive_ = false;
};

bool same_ignoring_case(std::string_view left, std::string_view right);

} // namespace gangway::test
