// Moves the answer of a process to the client.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "forward/forwarder.hpp"
#include "forward/response_encoder.hpp"
#include "forward/silence_watch.hpp"
#include "forward/upstream.hpp"

namespace gangway::forward {

// One attempt: one answer on one connection. Used by one coroutine.
class Download {
  public:
    Download(Client client, Upstream& upstream, SilenceWatch& watch,
             std::uint32_t max_header_bytes);

    // Reads up to the end of the answer's header; interim answers (1xx) are passed over.
    net::awaitable<error_code> read_head();
    // Whether any byte of an answer has arrived.
    bool begun() const { return begun_; }
    // Writes the header to the client, then moves the body. False when either side broke off: what
    // the client has is then incomplete, and must be seen to be.
    // on_received is called once, when the answer was read whole and before its end is written: so
    // that whoever has the end of an answer finds the process free.
    net::awaitable<bool> relay(std::string_view route, std::string_view process,
                               const std::function<void()>& on_received);

    // After relay(): what can be done with the connections.
    bool client_keep_alive() const { return client_keep_alive_; }
    bool upstream_keep_alive() const;

  private:
    net::awaitable<bool> write_head(std::string_view route, std::string_view process);
    net::awaitable<bool> relay_body();
    void note_received();
    net::awaitable<error_code> read_piece(std::size_t& size);
    net::awaitable<bool> write_piece(std::size_t size);
    net::awaitable<bool> write(std::span<const net::const_buffer> buffers);

    Client client_;
    Upstream& upstream_;
    SilenceWatch& watch_;
    std::uint32_t max_header_bytes_;
    beast::flat_buffer buffer_;
    std::optional<ResponseParser> parser_;
    std::function<void()> on_received_;
    Framing framing_ = Framing::none;
    error_code pending_error_; // of the answer, to be told after what came before it
    bool begun_ = false;
    bool client_keep_alive_ = false;
    std::array<char, piece_bytes> piece_{};
};

} // namespace gangway::forward
