// The socket of a client, with a bound on every step.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include <sys/types.h>

#include "module/asio.hpp"

namespace gangway {

// Beast's own timed stream closes the socket when the time is up; then the client could not be
// told. An operation that took too long fails with net::error::timed_out, and whatever else waits
// on the socket with operation_aborted. Used on the server's thread only; one read and one write
// may run at the same time.
class ClientStream {
  public:
    explicit ClientStream(net::local::stream_protocol::socket socket);
    ClientStream(const ClientStream&) = delete;
    ClientStream& operator=(const ClientStream&) = delete;

    net::any_io_executor get_executor() { return socket_.get_executor(); }

    // http::error::header_limit when there are more than max_bytes.
    net::awaitable<error_code> read_header(beast::flat_buffer& buffer, RequestParser& parser,
                                           std::uint32_t max_bytes,
                                           std::chrono::milliseconds timeout);
    // Reads some of the body. http::error::need_buffer is not an error here.
    net::awaitable<error_code> read_body(beast::flat_buffer& buffer, RequestParser& parser,
                                         std::chrono::milliseconds timeout);
    net::awaitable<error_code> write(std::span<const net::const_buffer> buffers,
                                     std::chrono::milliseconds timeout);
    // Says that nothing more will be written, and reads until the client has closed, too.
    net::awaitable<void> linger(std::chrono::milliseconds timeout);

    // While it lives, calls on_hangup once when the client has closed its end, not only shut down
    // its writing.
    class HangupWatch {
      public:
        HangupWatch(ClientStream& stream, std::function<void()> on_hangup);
        ~HangupWatch();
        HangupWatch(const HangupWatch&) = delete;
        HangupWatch& operator=(const HangupWatch&) = delete;

      private:
        std::shared_ptr<bool> over_; // shared with the handler, which may be queued already
    };

    // Interrupts whatever waits on the socket.
    void cancel();
    void close();
    bool is_open() const { return socket_.is_open(); }

  private:
    bool hung_up();

    net::local::stream_protocol::socket socket_;
};

// The user at the other end (SO_PEERCRED, unix(7)).
std::optional<uid_t> peer_uid(net::local::stream_protocol::socket& socket);

} // namespace gangway
