#include "wire/client_stream.hpp"

#include <array>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include "base/send.hpp"
#include "wire/read.hpp"

namespace gangway::wire {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds unattended{5};

} // namespace

struct ClientStream::HangupWatch {
    ClientStream* stream; // null when that has gone
    std::function<void()> handler;
    bool attended = false;
    bool watching = false;
};

ClientStream::ClientStream(ClientSocket socket)
    : socket_(std::move(socket)),
      read_timer_(socket_.get_executor(),
                  [this] {
                      read_timed_out_ = true;
                      cancel();
                  }),
      write_timer_(socket_.get_executor(),
                   [this] {
                       write_timed_out_ = true;
                       cancel();
                   }),
      hangup_timer_(socket_.get_executor(), [this] {
          if (!hangup_->watching) {
              watch(hangup_);
          }
      }) {}

ClientStream::~ClientStream() {
    if (hangup_) {
        hangup_->stream = nullptr;
    }
}

std::optional<uid_t> peer_uid(ClientSocket& socket) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return std::nullopt;
    }
    return credentials.uid;
}

// The result of an operation that a timer may have cut short.
error_code ClientStream::told(error_code ec, bool& timed_out) {
    return std::exchange(timed_out, false) ? error_code(net::error::timed_out) : ec;
}

awaitable<error_code> ClientStream::read_head(message::RequestParser& parser,
                                              std::uint32_t max_bytes, milliseconds timeout) {
    HeadReading<true> head(max_bytes);
    error_code ec;
    // Who has sent many requests at once waits between them.
    while (buffer_.size() > 0 && !ec && !has_turn()) {
        {
            ReaderAway away(*this);
            co_await away.others_first();
        }
        ec = take_interruption();
    }
    if (ec || head.take(buffer_, parser, ec)) {
        co_return ec;
    }
    read_timer_.set_after(timeout);
    for (bool whole = false; !whole;) {
        const net::mutable_buffer space = buffer_.prepare(head_read_bytes);
        {
            ReaderAway away(*this);
            co_await away.others_first();
        }
        Received received = look(space);
        if (received.error == net::error::would_block) {
            if (on_idle_) {
                on_idle_();
            }
            received = co_await wait_and_receive(space);
        }
        auto [failed, size] = received;
        buffer_.commit(size);
        while (!failed && !has_turn()) {
            {
                ReaderAway away(*this);
                co_await away.others_first();
            }
            failed = take_interruption();
        }
        if (failed) {
            ec = HeadReading<true>::cut_short(failed, buffer_);
            break;
        }
        whole = head.take(buffer_, parser, ec);
    }
    read_timer_.stop();
    co_return told(ec, read_timed_out_);
}

awaitable<error_code> ClientStream::read_piece(message::RequestParser& parser,
                                               std::uint32_t max_line_bytes, milliseconds timeout,
                                               std::string_view& piece) {
    error_code ec;
    // A piece may be a single byte.
    while (!ec && !has_turn()) {
        {
            ReaderAway away(*this);
            co_await away.others_first();
        }
        ec = take_interruption();
    }
    if (ec || next_piece(buffer_, parser, max_line_bytes, piece, ec)) {
        co_return ec;
    }
    read_timer_.set_after(timeout);
    ec = co_await wire::read_piece(*this, buffer_, parser, max_line_bytes, piece);
    read_timer_.stop();
    co_return told(ec, read_timed_out_);
}

awaitable<Received> ClientStream::receive(net::mutable_buffer space) {
    {
        ReaderAway away(*this);
        co_await away.others_first();
    }
    Received received = look(space);
    if (received.error == net::error::would_block) {
        received = co_await wait_and_receive(space);
    }
    co_return received;
}

// Others went first: by now, on a busy socket, there mostly is something, and the event loop need
// not be asked.
Received ClientStream::look(net::mutable_buffer space) {
    if (const error_code ec = take_interruption()) {
        return {ec, 0};
    }
    return receive_now(socket_.native_handle(), space);
}

error_code ClientStream::take_interruption() {
    return std::exchange(interrupted_, false) ? error_code(net::error::operation_aborted)
                                              : error_code();
}

awaitable<void> ClientStream::let_others_go() {
    do {
        const Away away(*this);
        co_await others_first(socket_.get_executor());
    } while (!has_turn());
}

awaitable<Received> ClientStream::wait_and_receive(net::mutable_buffer space) {
    const auto [ec, size] = co_await socket_.async_read_some(space, as_result);
    co_return Received{ec, size};
}

awaitable<error_code> ClientStream::read_raw(std::string_view& bytes) {
    error_code ec;
    if (buffer_.size() == 0) {
        const auto [failed, size] = co_await receive(buffer_.prepare(body_read_bytes));
        buffer_.commit(size);
        ec = failed;
    }
    bytes = {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
    buffer_.consume(buffer_.size()); // Leaves the bytes where they are.
    co_return ec;
}

error_code ClientStream::write_now(Pieces& pieces) {
    return send_now(socket_.native_handle(), pieces).error;
}

awaitable<error_code> ClientStream::write(Pieces& pieces, milliseconds timeout) {
    error_code ec = write_now(pieces);
    if (ec != net::error::would_block) {
        co_return ec;
    }
    write_timer_.set_after(timeout);
    while (ec == net::error::would_block) {
        const auto [failed] = co_await socket_.async_wait(ClientSocket::wait_write, as_result);
        ec = failed ? failed : write_now(pieces);
    }
    write_timer_.stop();
    co_return told(ec, write_timed_out_);
}

awaitable<void> ClientStream::write_continue(milliseconds timeout) {
    constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    const std::array<net::const_buffer, 1> buffers{net::buffer(text.data(), text.size())};
    Pieces pieces(buffers);
    co_await write(pieces, timeout); // What becomes of it, reading the body tells.
}

void ClientStream::shutdown_send() {
    error_code ignored;
    socket_.shutdown(ClientSocket::shutdown_send, ignored);
}

awaitable<void> ClientStream::linger(milliseconds timeout) {
    if (!socket_.is_open()) {
        co_return;
    }
    shutdown_send();
    read_timer_.set_after(timeout);
    std::array<char, 4096> rest{};
    error_code failed;
    while (!failed && !read_timed_out_) {
        const auto [ec, size] = co_await receive(net::buffer(rest));
        failed = ec;
    }
    close();
}

void ClientStream::give_back_memory() {
    if (buffer_.size() == 0 && buffer_.capacity() > head_read_bytes) {
        buffer_.shrink_to_fit();
    }
}

// Only a client that has closed makes POLLHUP; one that has shut down its writing makes POLLRDHUP.
bool ClientStream::hung_up() {
    pollfd poll_one{socket_.native_handle(), 0, 0};
    return ::poll(&poll_one, 1, 0) > 0 && (poll_one.revents & (POLLHUP | POLLERR)) != 0;
}

void ClientStream::on_hangup(std::function<void()> handler) {
    hangup_ = std::make_shared<HangupWatch>(HangupWatch{this, std::move(handler)});
}

void ClientStream::attend(bool yes, LazyTimer::Clock::time_point now) {
    hangup_->attended = yes;
    if (!yes) {
        hangup_timer_.stop();
    } else if (!hangup_->watching) {
        hangup_timer_.set(now + unattended);
    }
}

// Also comes to an end when something else on the socket is cancelled: then it begins anew.
void ClientStream::watch(const std::shared_ptr<HangupWatch>& hangup) {
    hangup->watching = true;
    hangup->stream->socket_.async_wait(net::socket_base::wait_error, [hangup](error_code) {
        hangup->watching = false;
        if (hangup->stream == nullptr || !hangup->stream->is_open() || !hangup->attended) {
            return;
        }
        if (hangup->stream->hung_up()) {
            hangup->handler();
        } else {
            watch(hangup);
        }
    });
}

void ClientStream::cancel() {
    interrupted_ = interrupted_ || yielding_;
    error_code ignored;
    socket_.cancel(ignored);
}

void ClientStream::close() {
    error_code ignored;
    socket_.close(ignored);
}

} // namespace gangway::wire
