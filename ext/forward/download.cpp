#include "forward/download.hpp"

#include <array>
#include <ctime>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "forward/request_encoder.hpp"

namespace gangway::forward {

namespace {

std::string imf_fixdate(std::time_t time) {
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 40> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return {text.data(), size};
}

// The application's own words; Passenger's Ruby handler puts "Whatever" in their place
// (rack/thread_handler_extension.rb).
std::string_view reason(const ResponseParser::value_type& answer) {
    const beast::string_view text = answer.reason();
    return text == "Whatever" ? std::string_view() : std::string_view(text.data(), text.size());
}

} // namespace

Download::Download(Client client, Upstream& upstream, SilenceWatch& watch,
                   std::uint32_t max_header_bytes)
    : client_(client), upstream_(upstream), watch_(watch), max_header_bytes_(max_header_bytes) {}

net::awaitable<error_code> Download::read_head() {
    const bool is_head = client_.parser.get().method() == http::verb::head;
    for (;;) {
        parser_.emplace();
        parser_->header_limit(max_header_bytes_);
        parser_->body_limit(boost::none);
        parser_->skip(is_head);
        const auto [ec, size] =
            co_await http::async_read_header(upstream_.socket(), buffer_, *parser_, as_result);
        begun_ = begun_ || parser_->got_some();
        if (!ec && size > max_header_bytes_) {
            co_return http::error::header_limit;
        }
        if (ec) {
            co_return ec;
        }
        watch_.heard();
        const auto& fields = parser_->get();
        if (fields.count(http::field::transfer_encoding) > 0 && !parser_->chunked()) {
            co_return http::error::bad_transfer_encoding;
        }
        const unsigned status = parser_->get().result_int();
        if (status >= 200) {
            co_return error_code();
        }
        if (status < 100 || status == 101) { // It was not asked to switch protocols.
            co_return http::error::bad_status;
        }
    }
}

net::awaitable<bool> Download::relay(std::string_view route, std::string_view process,
                                     const std::function<void()>& on_received) {
    on_received_ = on_received;
    const auto& head = parser_->get();
    if (head.find("!~Request-OOB-Work") != head.end()) {
        upstream_.request_oobw();
    }
    note_received();
    if (!co_await write_head(route, process)) {
        co_return false;
    }
    if (framing_ == Framing::none) {
        co_return true;
    }
    co_return co_await relay_body();
}

net::awaitable<bool> Download::write_head(std::string_view route, std::string_view process) {
    const auto& request = client_.parser.get();
    const auto& answer = parser_->get();
    std::optional<std::uint64_t> length;
    if (const auto told = parser_->content_length()) {
        length = *told;
    } else if (const auto field = answer.find(http::field::content_length); field != answer.end()) {
        // To HEAD, and with 304: what a body would have had.
        length = std::strtoull(std::string(field->value()).c_str(), nullptr, 10);
    }
    framing_ = choose_framing(request.method() == http::verb::head, answer.result_int(),
                              request.version() >= 11, length);
    client_keep_alive_ =
        request.version() >= 11 && request.keep_alive() && framing_ != Framing::until_close;
    const std::string text =
        encode_response_head({answer.result_int(), reason(answer), response_headers(answer), length,
                              client_keep_alive_, route, process},
                             framing_, imf_fixdate(std::time(nullptr)));
    const std::array<net::const_buffer, 1> whole{net::buffer(text)};
    co_return co_await write(whole);
}

void Download::note_received() {
    if (on_received_ && parser_->is_done()) {
        on_received_();
        on_received_ = nullptr;
    }
}

net::awaitable<bool> Download::relay_body() {
    for (;;) {
        std::size_t size = 0;
        if (co_await read_piece(size)) {
            co_return false;
        }
        note_received();
        if (size == 0) {
            break;
        }
        if (!co_await write_piece(size)) {
            co_return false;
        }
    }
    if (framing_ == Framing::chunked) {
        const std::array<net::const_buffer, 1> end{
            net::buffer(last_chunk.data(), last_chunk.size())};
        co_return co_await write(end);
    }
    co_return true;
}

// Size 0: the body has ended. What came together with an error is given first.
net::awaitable<error_code> Download::read_piece(std::size_t& size) {
    size = 0;
    auto& body = parser_->get().body();
    while (!pending_error_ && !parser_->is_done()) {
        body.data = piece_.data();
        body.size = piece_.size();
        body.more = true;
        const auto [ec, read] =
            co_await http::async_read_some(upstream_.socket(), buffer_, *parser_, as_result);
        watch_.heard();
        if (ec && ec != http::error::need_buffer) {
            pending_error_ = ec;
        }
        size = piece_.size() - body.size;
        if (size > 0) {
            co_return error_code();
        }
    }
    co_return pending_error_;
}

net::awaitable<bool> Download::write_piece(std::size_t size) {
    const net::const_buffer piece = net::buffer(piece_.data(), size);
    if (framing_ != Framing::chunked) {
        const std::array<net::const_buffer, 1> whole{piece};
        co_return co_await write(whole);
    }
    const std::string head = chunk_head(size);
    const std::array<net::const_buffer, 3> chunk{net::buffer(head), piece,
                                                 net::buffer(chunk_tail.data(), chunk_tail.size())};
    co_return co_await write(chunk);
}

net::awaitable<bool> Download::write(std::span<const net::const_buffer> buffers) {
    const SilenceWatch::Pause pause(watch_);
    const error_code ec = co_await client_.stream.write(buffers, client_.timeout);
    co_return !ec;
}

bool Download::upstream_keep_alive() const {
    return parser_->is_done() && parser_->keep_alive() && !parser_->need_eof() &&
           buffer_.size() == 0;
}

} // namespace gangway::forward
