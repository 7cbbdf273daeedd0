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
#include "forward/report.hpp"
#include "worker/exchange.hpp"
#include "worker/upstream.hpp"

namespace gangway::forward {

// A client's connection has one.
struct Kept {
    beast::flat_buffer buffer; // what a process sends
    message::Head head;        // of its answer
    std::string request_text;  // space for what is sent to a process ahead of the body
    std::string answer_text;   // and for what is sent to the client
    std::string process_text;  // and for which process it is

    // Between two requests: what a large answer needed.
    void give_back_memory();
};

// One attempt: one answer on one connection. Used by one coroutine.
class Download {
  public:
    // kept: what a connection keeps from request to request, to save making it anew. upgrade: the
    // client asked for one, and the process was told.
    Download(const Client& client, worker::Upstream& upstream, worker::Exchange& exchange,
             Report& report, Kept& kept, bool upgrade);

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
    struct HeadReader;
    // Whether what was read is an answer's final head, or why it is none; nothing for an interim
    // one, which is to be passed on.
    std::optional<error_code> judge_head();
    awaitable<error_code> pass_interim();
    std::string encode_head(std::string_view process);
    void note_received();
    // What is there of the body. Short pieces are put together in gathered_.
    error_code take_pieces(std::span<std::string_view> pieces, std::size_t& count);
    // Waits for the next of it.
    awaitable<error_code> read_piece(std::string_view& piece);
    // Puts what is written ahead of the pieces and behind them into begin and end. ended: they are
    // the last.
    void frame(std::string& begin, std::string& end, std::span<const std::string_view> pieces,
               bool ended);
    awaitable<error_code> write(Pieces& pieces);

    const Client& client_;
    worker::Upstream& upstream_;
    worker::Exchange& exchange_;
    Report& report_;
    Kept& kept_;
    beast::flat_buffer& buffer_;
    bool upgrade_;
    message::Head& head_;
    std::optional<message::AnswerParser> parser_;
    std::string complaint_;
    const std::function<void()>* on_received_ = nullptr;
    Framing framing_ = Framing::none;
    std::string gathered_;
    unsigned interims_ = 0;
    std::size_t interim_bytes_ = 0; // of the heads so far
    bool passes_trailers_ = false;
    bool ends_with_head_ = false; // whatever length it tells
    bool client_keep_alive_ = false;
};

} // namespace gangway::forward
