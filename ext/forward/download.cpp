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
        if (ec) {
            co_return ec;
        }
        watch_.heard();
        const unsigned status = parser_->get().result_int();
        if (status >= 200) {
            co_return error_code();
        }
        if (status < 100 || status == 101) { // It was not asked to switch protocols.
            co_return http::error::bad_status;
        }
    }
}

net::awaitable<bool> Download::relay(std::string_view route, std::string_view process) {
    const auto& head = parser_->get();
    if (head.find("!~Request-OOB-Work") != head.end()) {
        upstream_.request_oobw();
    }
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
    const std::string text = encode_response_head(
        {answer.result_int(), response_headers(answer), length, client_keep_alive_, route, process},
        framing_, imf_fixdate(std::time(nullptr)));
    co_return co_await write(net::buffer(text));
}

net::awaitable<bool> Download::relay_body() {
    parser_->eager(true);
    for (;;) {
        std::size_t size = 0;
        if (co_await read_piece(size)) {
            co_return false;
        }
        if (size == 0) {
            break;
        }
        if (!co_await write_piece(size)) {
            co_return false;
        }
    }
    if (framing_ == Framing::chunked) {
        co_return co_await write(net::buffer(last_chunk.data(), last_chunk.size()));
    }
    co_return true;
}

// Size 0: the body has ended.
net::awaitable<error_code> Download::read_piece(std::size_t& size) {
    auto& body = parser_->get().body();
    while (!parser_->is_done()) {
        body.data = piece_.data();
        body.size = piece_.size();
        body.more = true;
        const auto [ec, read] =
            co_await http::async_read_some(upstream_.socket(), buffer_, *parser_, as_result);
        if (ec && ec != http::error::need_buffer) {
            co_return ec;
        }
        watch_.heard();
        size = piece_.size() - body.size;
        if (size > 0) {
            co_return error_code();
        }
    }
    size = 0;
    co_return error_code();
}

net::awaitable<bool> Download::write_piece(std::size_t size) {
    const auto piece = net::buffer(piece_.data(), size);
    if (framing_ != Framing::chunked) {
        co_return co_await write(piece);
    }
    const std::string head = chunk_head(size);
    const std::array<net::const_buffer, 3> chunk{net::buffer(head), piece,
                                                 net::buffer(chunk_tail.data(), chunk_tail.size())};
    co_return co_await write(chunk);
}

template <typename Buffers>
net::awaitable<bool> Download::write(const Buffers& buffers) {
    const SilenceWatch::Pause pause(watch_);
    client_.stream.expires_after(client_.timeout);
    const auto [ec, size] = co_await net::async_write(client_.stream, buffers, as_result);
    co_return !ec;
}

bool Download::upstream_keep_alive() const {
    return parser_->is_done() && parser_->keep_alive() && !parser_->need_eof() &&
           buffer_.size() == 0;
}

} // namespace gangway::forward
