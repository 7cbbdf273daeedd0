// The socket of a client, with a bound on every step.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "base/asio.hpp"
#include "base/lazy_timer.hpp"
#include "base/receive.hpp"
#include "base/send.hpp"
#include "base/turns.hpp"
#include "message/parser.hpp"

namespace gangway::wire {

// Beast's own timed stream closes the socket when the time is up; then the client could not be
// told. An operation that took too long fails with net::error::timed_out, and whatever else waits
// on the socket with operation_aborted. Used on the server's thread only; one read and one write
// may run at the same time.
class ClientStream {
  public:
    explicit ClientStream(ClientSocket socket);
    ~ClientStream();
    ClientStream(const ClientStream&) = delete;
    ClientStream& operator=(const ClientStream&) = delete;

    Executor get_executor() { return socket_.get_executor(); }

    // As message::read_head() and read_piece().
    awaitable<error_code> read_head(message::RequestParser& parser, std::uint32_t max_bytes,
                                    std::chrono::milliseconds timeout);
    awaitable<error_code> read_piece(message::RequestParser& parser, std::uint32_t max_line_bytes,
                                     std::chrono::milliseconds timeout, std::string_view& piece);
    // The next bytes, of whatever they are.
    awaitable<Received> receive(net::mutable_buffer space);
    // Bytes that belong to no message, of a connection that was upgraded; first those that were
    // read already. No timeout. net::error::eof at the end.
    awaitable<error_code> read_raw(std::string_view& bytes);
    // What the socket takes at once, mostly all. Then net::error::would_block, if not all.
    error_code write_now(Pieces& pieces);
    // The rest.
    awaitable<error_code> write(Pieces& pieces, std::chrono::milliseconds timeout);
    // Asks for the body of a request that waits to be asked (message::expects_continue()).
    awaitable<void> write_continue(std::chrono::milliseconds timeout);
    void shutdown_send();
    // Says that nothing more will be written, and reads until the client has closed, too.
    awaitable<void> linger(std::chrono::milliseconds timeout);

    // Whether anything of a next request is there already.
    bool has_input() const { return buffer_.size() > 0; }
    // Between two requests: what a large one needed is given back.
    void give_back_memory();

    // From now on it reads and writes when it has a turn. caller outlives it.
    void take_turns(Turns::Caller& caller) { caller_ = &caller; }
    // Whether whoever works for this client may go on; else he awaits let_others_go().
    bool has_turn() { return caller_ == nullptr || caller_->has_turn(Turns::Clock::now()); }
    awaitable<void> let_others_go();

    // Calls handler when read_head() is about to wait for a client that sends nothing.
    void on_idle(std::function<void()> handler) { on_idle_ = std::move(handler); }
    // Calls handler when the client has closed its end, not only shut down its writing, while
    // attend(true) holds. To watch costs a system call for every read; so it begins only when
    // attend(true) has held for a few milliseconds, which most requests do not take.
    void on_hangup(std::function<void()> handler);
    void attend(bool yes, LazyTimer::Clock::time_point now);

    // Whether it has. After shutdown_send() a client that only shut down its writing looks so, too.
    bool hung_up();

    // Interrupts whatever waits on the socket.
    void cancel();
    void close();
    bool is_open() const { return socket_.is_open(); }

  private:
    // While a coroutine lets others go. Two may work for one client: while one is away, the turns
    // are not told of the other, with whom the next pass would begin before all had gone.
    class Away {
      public:
        explicit Away(ClientStream& stream)
            : stream_(stream), told_(stream.caller_ != nullptr && !stream.is_away_) {
            if (told_) {
                stream_.is_away_ = true;
                stream_.caller_->step_back();
            }
        }
        ~Away() {
            if (told_) {
                stream_.is_away_ = false;
                stream_.caller_->come_back();
            }
        }
        Away(const Away&) = delete;
        Away& operator=(const Away&) = delete;

      private:
        ClientStream& stream_;
        const bool told_;
    };
    // The same, of the one that reads: cancel() interrupts it.
    class ReaderAway {
      public:
        explicit ReaderAway(ClientStream& stream) : stream_(stream), away_(stream) {
            stream.yielding_ = true;
        }
        ~ReaderAway() { stream_.yielding_ = false; }
        ReaderAway(const ReaderAway&) = delete;
        ReaderAway& operator=(const ReaderAway&) = delete;
        // To be awaited.
        auto others_first() { return gangway::others_first(stream_.socket_.get_executor()); }

      private:
        ClientStream& stream_;
        const Away away_;
    };
    // Afterwards: whether cancel() came meanwhile.
    error_code take_interruption();
    // Afterwards: a look for bytes. net::error::would_block: wait_and_receive() waits.
    Received look(net::mutable_buffer space);
    awaitable<Received> wait_and_receive(net::mutable_buffer space);

    struct HangupWatch;
    static void watch(const std::shared_ptr<HangupWatch>& hangup);
    error_code told(error_code ec, bool& timed_out);

    ClientSocket socket_;
    Turns::Caller* caller_ = nullptr;
    beast::flat_buffer buffer_;
    bool read_timed_out_ = false;
    bool write_timed_out_ = false;
    LazyTimer read_timer_;
    LazyTimer write_timer_;
    std::function<void()> on_idle_;
    bool is_away_ = false;
    bool yielding_ = false;    // while a ReaderAway lives
    bool interrupted_ = false; // meanwhile
    LazyTimer hangup_timer_;
    std::shared_ptr<HangupWatch> hangup_; // shared with a handler, which may be queued already
};

// The user at the other end (SO_PEERCRED, unix(7)).
std::optional<uid_t> peer_uid(ClientSocket& socket);

} // namespace gangway::wire
