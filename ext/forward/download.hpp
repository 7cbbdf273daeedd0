// Moves the answer of a process to the client.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "forward/answer_encoder.hpp"
#include "forward/client.hpp"
#include "forward/exchange.hpp"
#include "forward/report.hpp"
#include "forward/upstream.hpp"

namespace gangway::forward {

// A client's connection has one.
struct Kept {
    beast::flat_buffer buffer; // what a process sends
    message::Head head;        // of its answer

    // Between two requests: what a large answer needed.
    void give_back_memory();
};

// One attempt: one answer on one connection. Used by one coroutine.
class Download {
  public:
    // kept: what a connection keeps from request to request, to save making it anew. upgrade: the
    // client asked for one, and the process was told.
    Download(const Client& client, Upstream& upstream, Exchange& exchange, Report& report,
             Kept& kept, bool upgrade);

    // Reads up to the end of the answer's head; interim answers (1xx) are passed on. An error of
    // Beast's for what is no answer; then complaint() may say more.
    awaitable<error_code> read_head();
    std::string_view complaint() const { return complaint_; }
    // Whether any byte of an answer has arrived, interim ones included.
    bool begun() const { return report_.first_byte.has_value(); }
    const message::Head& head() const { return head_; }
    bool upgraded() const { return head_.status == 101; }

    // Writes the head to the client, then moves the body. False when either side broke off: what
    // the client has is then incomplete, and must be seen to be.
    // on_received is called once, when the answer was read whole and before its end is written: so
    // that whoever has the end of an answer finds the process free.
    awaitable<bool> relay(std::string_view process, const std::function<void()>& on_received);

    // After relay(): what can be done with the connections.
    bool client_keep_alive() const { return client_keep_alive_; }
    bool upstream_keep_alive() const;

  private:
    awaitable<error_code> read_one_head();
    awaitable<bool> pass_interim();
    std::string encode_head(std::string_view process);
    void note_received();
    awaitable<bool> relay_body(std::string head);
    awaitable<error_code> read_pieces(std::span<std::string_view> pieces, std::size_t& count,
                                      bool have_head);
    // ended: these are the last.
    awaitable<bool> write_pieces(const std::string& head, std::span<const std::string_view> pieces,
                                 bool ended);
    awaitable<bool> write(std::span<const net::const_buffer> buffers);
    awaitable<bool> write(const std::string& text);

    Client client_;
    Upstream& upstream_;
    Exchange& exchange_;
    Report& report_;
    beast::flat_buffer& buffer_;
    bool upgrade_;
    message::Head& head_;
    std::optional<message::AnswerParser> parser_;
    std::string complaint_;
    std::function<void()> on_received_;
    Framing framing_ = Framing::none;
    unsigned interims_ = 0;
    bool passes_trailers_ = false;
    bool client_keep_alive_ = false;
};

} // namespace gangway::forward
