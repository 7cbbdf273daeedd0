#include "forward/download.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include <boost/asio/buffer.hpp>

#include "forward/chunk.hpp"
#include "message/read.hpp"
#include "message/rules.hpp"

namespace gangway::forward {

namespace {

// Interim answers that one request may get.
constexpr unsigned most_interims = 100;

// So many pieces of a body, each from one chunk of the process, are written at once.
constexpr std::size_t most_pieces = 4;

// The time as an IMF-fixdate; made anew once a second.
const std::string& date_now() {
    thread_local std::time_t made_for = -1;
    thread_local std::string date;
    if (const std::time_t now = std::time(nullptr); now != made_for) {
        std::tm utc{};
        gmtime_r(&now, &utc);
        std::array<char, 40> text{};
        date.assign(text.data(),
                    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
        made_for = now;
    }
    return date;
}

// The application's own words; Passenger's Ruby handler puts "Whatever" in their place
// (rack/thread_handler_extension.rb).
std::string_view reason(const message::Head& head) {
    return head.reason == "Whatever" ? std::string_view() : std::string_view(head.reason);
}

// What a body would have had, in an answer that has none: to HEAD, and with 304.
std::optional<std::uint64_t> told_length(const message::Head& head) {
    const auto text = head.fields.find("Content-Length");
    std::uint64_t length = 0;
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), length).ec != std::errc()) {
        return std::nullopt;
    }
    return length;
}

} // namespace

void Kept::give_back_memory() {
    if (buffer.capacity() > message::head_read_bytes) {
        buffer.clear();
        buffer.shrink_to_fit();
    }
    head.clear();
}

Download::Download(const Client& client, Upstream& upstream, Exchange& exchange, Report& report,
                   Kept& kept, bool upgrade)
    : client_(client),
      upstream_(upstream),
      exchange_(exchange),
      report_(report),
      buffer_(kept.buffer),
      upgrade_(upgrade),
      head_(kept.head) {
    buffer_.clear();
}

awaitable<error_code> Download::read_one_head() {
    parser_.emplace(head_);
    parser_->skip(client_.head().is_method("HEAD"));
    if (buffer_.size() == 0) { // Wait apart, to know when the answer began.
        const auto [ec, size] = co_await upstream_.socket().async_read_some(
            buffer_.prepare(message::head_read_bytes), as_result);
        buffer_.commit(size);
        if (ec) {
            co_return ec == net::error::eof ? http::error::end_of_stream : ec;
        }
    }
    if (!report_.first_byte) {
        report_.first_byte = Report::Clock::now();
    }
    exchange_.enter(Phase::receiving);
    co_return co_await message::read_head(upstream_.socket(), buffer_, *parser_,
                                          client_.max_header_bytes);
}

awaitable<error_code> Download::read_head() {
    for (;;) {
        if (const error_code ec = co_await read_one_head()) {
            co_return ec;
        }
        if (auto wrong = message::check_answer(head_)) {
            complaint_ = std::move(*wrong);
            co_return http::error::bad_field;
        }
        const bool switches = head_.status == 101 && upgrade_ && head_.fields.find("Upgrade");
        if (head_.status >= 200 || switches) {
            co_return error_code();
        }
        if (interims_++ == most_interims) {
            complaint_ = "it sends interim answers without end";
            co_return http::error::bad_status;
        }
        if (head_.status < 100 || head_.status == 101) {
            complaint_ = head_.status == 101
                             ? "it switches protocols without having been asked, or "
                               "without saying to which"
                             : "its status is below 100";
            co_return http::error::bad_status;
        }
        if (!co_await pass_interim()) {
            co_return net::error::connection_aborted;
        }
    }
}

// Not to HTTP/1.0, which knows none; and 100 only to a client that waits for it.
awaitable<bool> Download::pass_interim() {
    exchange_.await_answer();
    const message::Head& request = client_.head();
    if (request.version < 11 || (head_.status == 100 && !request.fields.find("Expect"))) {
        co_return true;
    }
    const std::string text =
        encode_interim_head(head_.status, reason(head_), answer_headers(head_.fields, false));
    co_return co_await write(text);
}

std::string Download::encode_head(std::string_view process) {
    const message::Head& request = client_.head();
    std::optional<std::uint64_t> length = parser_->length();
    if (!length) {
        length = told_length(head_);
    }
    framing_ =
        choose_framing(request.is_method("HEAD"), head_.status, request.version >= 11, length);
    passes_trailers_ = framing_ == Framing::chunked && request.fields.lists("TE", "trailers");
    // What is unread of the request's body stands in the way of a next one.
    client_keep_alive_ = request.version >= 11 && client_.parser.keep_alive() &&
                         client_.parser.is_done() && framing_ != Framing::until_close &&
                         !upgraded();
    const AnswerHead head{
        head_.status, reason(head_),      answer_headers(head_.fields, passes_trailers_),
        length,       client_keep_alive_, head_.fields.find("Upgrade").value_or(""),
        process};
    return encode_answer_head(head, framing_, report_, date_now());
}

awaitable<bool> Download::relay(std::string_view process,
                                const std::function<void()>& on_received) {
    if (head_.fields.find("!~Request-OOB-Work")) {
        upstream_.request_oobw();
    }
    std::string text = encode_head(process);
    report_.answered = Report::Clock::now();
    report_.status = head_.status;
    on_received_ = on_received;
    if (framing_ == Framing::none) {
        note_received();
        co_return co_await write(text);
    }
    co_return co_await relay_body(std::move(text));
}

void Download::note_received() {
    if (on_received_) {
        on_received_();
        on_received_ = nullptr;
    }
}

// What was received already is written together: the head with the first bytes of the body, and the
// last of these with the end.
awaitable<bool> Download::relay_body(std::string head) {
    bool whole = true;
    while (whole && (!head.empty() || !parser_->is_done())) {
        std::array<std::string_view, most_pieces> pieces;
        std::size_t count = 0;
        const error_code ec = co_await read_pieces(pieces, count, !head.empty());
        const bool ended = !ec && parser_->is_done();
        if (ended) {
            note_received();
        }
        whole = co_await write_pieces(head, std::span(pieces).first(count), ended);
        whole = whole && !ec;
        head.clear();
    }
    co_return whole;
}

// Takes what is there; waits only where there is nothing, and nothing to be written meanwhile. What
// came together with an error is given with it.
awaitable<error_code> Download::read_pieces(std::span<std::string_view> pieces, std::size_t& count,
                                            bool have_head) {
    error_code ec;
    const std::uint32_t max_line = client_.max_header_bytes;
    for (count = 0; count < pieces.size() && !ec; count++) {
        if (!message::next_piece(buffer_, *parser_, max_line, pieces[count], ec) ||
            pieces[count].empty()) {
            break;
        }
    }
    if (count == 0 && !have_head && !ec && !parser_->is_done()) {
        ec = co_await message::read_piece(upstream_.socket(), buffer_, *parser_, max_line,
                                          pieces[0]);
        exchange_.heard();
        count = pieces[0].empty() ? 0 : 1;
        if (exchange_.is_cut()) { // Then an end of file is of our making, and ends no body.
            ec = net::error::operation_aborted;
        }
    }
    co_return ec;
}

awaitable<bool> Download::write_pieces(const std::string& head,
                                       std::span<const std::string_view> pieces, bool ended) {
    std::size_t size = 0;
    for (const std::string_view piece : pieces) {
        size += piece.size();
    }
    report_.bytes_received += size;
    const bool chunked = framing_ == Framing::chunked;
    const std::string begin = chunked && size > 0 ? head + chunk_head(size) : head;
    std::string end = chunked && size > 0 ? std::string(chunk_tail) : std::string();
    if (chunked && ended) {
        end += chunked_end(passes_trailers_ ? answer_trailers(head_.trailers) : Headers());
    }
    std::array<net::const_buffer, most_pieces + 2> buffers;
    std::size_t used = 0;
    buffers[used++] = net::buffer(begin);
    for (const std::string_view piece : pieces) {
        buffers[used++] = net::buffer(piece.data(), piece.size());
    }
    buffers[used++] = net::buffer(end);
    co_return co_await write(std::span(buffers).first(used));
}

awaitable<bool> Download::write(const std::string& text) {
    const std::array<net::const_buffer, 1> buffers{net::buffer(text)};
    co_return co_await write(buffers);
}

awaitable<bool> Download::write(std::span<const net::const_buffer> buffers) {
    const Exchange::ClientTurn turn(exchange_);
    const error_code ec = co_await client_.stream.write(buffers, client_.timeout);
    co_return !ec;
}

bool Download::upstream_keep_alive() const {
    return parser_->is_done() && parser_->keep_alive() && !parser_->need_eof() &&
           buffer_.size() == 0;
}

} // namespace gangway::forward
