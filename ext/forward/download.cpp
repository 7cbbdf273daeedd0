#include "forward/download.hpp"

#include <array>
#include <ctime>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "message/chunk.hpp"
#include "message/rules.hpp"
#include "text/number.hpp"
#include "wire/read.hpp"
#include "worker/answer_head.hpp"
#include "worker/header_rules.hpp"

namespace gangway::forward {

namespace {

// Interim answers that one request may get, and how many times as large as one head they may be
// together.
constexpr unsigned most_interims = 100;
constexpr std::size_t most_interim_heads = 8;

// So many pieces of a body, each from one chunk of the process, are written at once.
constexpr std::size_t most_pieces = 4;

// To copy so few bytes costs less than to send them apart.
constexpr std::size_t little = 4096;

// Of the memory for a head, that is kept from request to request.
constexpr std::size_t most_text = 8192;

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
    return text ? parse_number<std::uint64_t>(*text) : std::nullopt;
}

} // namespace

void Kept::give_back_memory() {
    if (buffer.capacity() > wire::head_read_bytes) {
        buffer.clear();
        buffer.shrink_to_fit();
    }
    for (std::string* text : {&request_text, &answer_text}) {
        if (text->capacity() > most_text) {
            *text = std::string();
        }
    }
    head.clear();
}

Download::Download(const Client& client, worker::Upstream& upstream, worker::Exchange& exchange,
                   Report& report, Kept& kept, bool upgrade)
    : client_(client),
      upstream_(upstream),
      exchange_(exchange),
      report_(report),
      kept_(kept),
      buffer_(kept.buffer),
      upgrade_(upgrade),
      head_(kept.head) {
    buffer_.clear();
}

// Of an answer's head, which is read in the client's turns.
struct Download::HeadReader {
    wire::ClientStream& stream;
    Report& report;

    void heard(Report::Clock::time_point now) const {
        report.first_byte = report.first_byte.value_or(now);
    }
    bool has_turn() const { return stream.has_turn(); }
    awaitable<void> let_others_go() const { return stream.let_others_go(); }
};

awaitable<error_code> Download::read_head() {
    const HeadReader reader{client_.stream, report_};
    for (;;) {
        parser_.emplace(head_);
        parser_->skip(client_.head().is_method("HEAD"));
        wire::HeadReading<false> reading(client_.max_header_bytes);
        const error_code ec = co_await worker::read_answer_head(upstream_, exchange_, buffer_,
                                                                *parser_, reading, reader);
        interim_bytes_ += reading.size();
        if (const auto final = ec ? ec : judge_head()) {
            co_return *final;
        }
        if (co_await pass_interim()) {
            co_return net::error::connection_aborted;
        }
        co_await client_.stream.let_others_go(); // The next may be here already.
        if (exchange_.is_cut()) {
            co_return net::error::operation_aborted;
        }
    }
}

std::optional<error_code> Download::judge_head() {
    if (auto wrong = message::check_answer(head_)) {
        complaint_ = std::move(*wrong);
        return http::error::bad_field;
    }
    const bool switches = head_.status == 101 && upgrade_ && head_.fields.find("Upgrade");
    if (head_.status >= 200 || switches) {
        return error_code();
    }
    if (interims_++ == most_interims ||
        interim_bytes_ > most_interim_heads * client_.max_header_bytes) {
        complaint_ = "it sends interim answers without end";
        return http::error::bad_status;
    }
    if (head_.status < 100 || head_.status == 101) {
        complaint_ = head_.status == 101 ? "it switches protocols without having been asked, or "
                                           "without saying to which"
                                         : "its status is below 100";
        return http::error::bad_status;
    }
    return std::nullopt;
}

// Not to HTTP/1.0, which knows none; and 100 only to a client that waits for it.
awaitable<error_code> Download::pass_interim() {
    exchange_.await_answer();
    const message::Head& request = client_.head();
    if (request.version < 11 || (head_.status == 100 && !request.fields.find("Expect"))) {
        co_return error_code();
    }
    const std::string text = encode_interim_head(head_.status, reason(head_),
                                                 worker::answer_headers(head_.fields, false));
    const std::array<net::const_buffer, 1> buffers{net::buffer(text)};
    Pieces pieces(buffers);
    co_return co_await write(pieces);
}

std::string Download::encode_head(std::string_view process) {
    const message::Head& request = client_.head();
    std::optional<std::uint64_t> length = parser_->length();
    if (!length) {
        length = told_length(head_);
    }
    ends_with_head_ = worker::leaves_body_to_web_server(head_.fields);
    if (ends_with_head_) {
        length = 0;
    }
    framing_ =
        choose_framing(request.is_method("HEAD"), head_.status, request.version >= 11, length);
    passes_trailers_ = framing_ == Framing::chunked && request.fields.lists("TE", "trailers");
    // What is unread of the request's body stands in the way of a next one.
    client_keep_alive_ = request.version >= 11 && client_.parser.keep_alive() &&
                         client_.parser.is_done() && framing_ != Framing::until_close &&
                         !upgraded();
    const AnswerHead head{
        head_.status, reason(head_),      worker::answer_headers(head_.fields, passes_trailers_),
        length,       client_keep_alive_, head_.fields.find("Upgrade").value_or(""),
        process};
    return encode_answer_head(head, framing_, report_, date_now(), std::move(kept_.answer_text));
}

// What was received already is written together: the head with the first bytes of the body, and the
// last of these with the end.
awaitable<bool> Download::relay(std::string_view process,
                                const std::function<void()>& on_received) {
    if (head_.fields.find("!~Request-OOB-Work")) {
        upstream_.request_oobw();
    }
    std::string begin = encode_head(process);
    report_.status = head_.status;
    on_received_ = &on_received;
    for (bool ended = false; !ended;) {
        std::array<std::string_view, most_pieces> pieces;
        std::size_t count = 0;
        error_code ec;
        if (framing_ != Framing::none && !ends_with_head_) {
            ec = take_pieces(pieces, count);
            if (count == 0 && begin.empty() && !ec && !parser_->is_done()) {
                ec = co_await read_piece(pieces[0]);
                count = pieces[0].empty() ? 0 : 1;
            }
        }
        // A process may send each byte as a chunk, and many may be sending.
        if (!client_.stream.has_turn()) {
            co_await client_.stream.let_others_go();
        }
        if (exchange_.is_cut()) {
            co_return false;
        }
        ended = framing_ == Framing::none || ends_with_head_ || (!ec && parser_->is_done());
        if (ended) {
            note_received();
        }
        std::string end;
        frame(begin, end, std::span(pieces).first(count), ended);
        if (count == 1 && end.empty() && pieces[0].size() <= little) {
            begin += pieces[0];
            count = 0;
        }
        std::array<net::const_buffer, most_pieces + 2> buffers{net::buffer(begin)};
        for (std::size_t i = 0; i < count; i++) {
            buffers[i + 1] = net::buffer(pieces[i].data(), pieces[i].size());
        }
        buffers[count + 1] = net::buffer(end);
        Pieces left(buffers);
        error_code written = client_.stream.write_now(left);
        if (written == net::error::would_block) {
            written = co_await write(left);
        }
        if (ec || written) {
            co_return false;
        }
        begin.clear();
    }
    kept_.answer_text = std::move(begin);
    co_return true;
}

void Download::note_received() {
    if (on_received_ != nullptr) {
        (*std::exchange(on_received_, nullptr))();
    }
}

// What came together with an error is given with it. Chunks of a byte each would each need a place
// of their own, and four of them a write.
error_code Download::take_pieces(std::span<std::string_view> pieces, std::size_t& count) {
    error_code ec;
    gathered_.clear();
    count = 0;
    while (count < pieces.size() && !ec) {
        std::string_view piece;
        if (!wire::next_piece(buffer_, *parser_, client_.max_header_bytes, piece, ec) ||
            piece.empty()) {
            break;
        }
        if (count == 1 && pieces[0].size() + piece.size() <= little) {
            if (gathered_.empty()) {
                gathered_ = pieces[0];
            }
            gathered_ += piece;
            pieces[0] = gathered_;
        } else {
            pieces[count++] = piece;
        }
    }
    return ec;
}

awaitable<error_code> Download::read_piece(std::string_view& piece) {
    error_code ec =
        co_await wire::read_piece(upstream_, buffer_, *parser_, client_.max_header_bytes, piece);
    exchange_.heard();
    if (exchange_.is_cut()) { // Then an end of file is of our making, and ends no body.
        ec = net::error::operation_aborted;
    }
    co_return ec;
}

void Download::frame(std::string& begin, std::string& end, std::span<const std::string_view> pieces,
                     bool ended) {
    std::size_t size = 0;
    for (const std::string_view piece : pieces) {
        size += piece.size();
    }
    report_.bytes_received += size;
    if (framing_ != Framing::chunked) {
        return;
    }
    if (size > 0) {
        begin += message::chunk_head(size);
        end += message::chunk_tail;
    }
    if (ended) {
        end += message::chunked_end(passes_trailers_ ? worker::answer_trailers(head_.trailers)
                                                     : worker::Headers());
    }
}

awaitable<error_code> Download::write(Pieces& pieces) {
    const worker::Exchange::ClientTurn turn(exchange_);
    co_return co_await client_.stream.write(pieces, client_.timeout);
}

bool Download::upstream_keep_alive() const {
    return parser_->is_done() && parser_->keep_alive() && !parser_->need_eof() &&
           buffer_.size() == 0;
}

} // namespace gangway::forward
