#include "gangway/client/response_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>

#include <array>

namespace gangway::command {

namespace http = boost::beast::http;

namespace {

// Twice the highest max_header_bytes of an agent (docs/configuration.md), which adds some of its
// own.
constexpr std::uint32_t header_max_bytes = 2U << 20U;

std::string_view buffered(const boost::beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

} // namespace

ResponseReader::ResponseReader(ResponseReceiver& receiver, bool answers_head)
    : receiver_(receiver), answers_head_(answers_head) {
    new_parser();
}

void ResponseReader::new_parser() {
    parser_.emplace();
    parser_->header_limit(header_max_bytes);
    parser_->body_limit(boost::none);
    parser_->skip(answers_head_);
}

void ResponseReader::feed(std::string_view bytes) {
    anything_arrived_ = anything_arrived_ || !bytes.empty();
    buffer_.commit(
        boost::asio::buffer_copy(buffer_.prepare(bytes.size()), boost::asio::buffer(bytes)));
    while (!done_ && step()) {
    }
}

// One step of the parser: the header, or the next part of the body. False: more bytes are needed.
bool ResponseReader::step() {
    // Beast's parser asserts that the size line of a last chunk, once it was seen alone, comes
    // again with two more bytes at least.
    if (status_ && parser_->chunked() && buffered(buffer_) == "0\r\n") {
        return false;
    }
    std::array<char, 16384> space; // only what was written to is read
    const bool in_body = status_.has_value();
    if (in_body) {
        parser_->get().body() = {space.data(), space.size(), true};
    }
    boost::system::error_code error;
    const std::size_t used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (in_body) {
        const std::size_t bytes = space.size() - parser_->get().body().size;
        body_bytes_ += bytes;
        if (bytes > 0) {
            receiver_.body(std::string_view(space.data(), bytes));
        }
    }
    const bool stuck = error == http::error::need_more || (used == 0 && !error);
    if (error && error != http::error::need_more && error != http::error::need_buffer) {
        throw BrokenAnswer(BrokenAnswer::Kind::not_http,
                           "the agent's answer is not HTTP: " + error.message());
    }
    if (!status_ && parser_->is_header_done()) {
        on_header();
    } else {
        done_ = status_ && parser_->is_done();
    }
    return !stuck && (buffer_.size() > 0);
}

void ResponseReader::on_header() {
    const unsigned status = parser_->get().result_int();
    if (status >= 100 && status < 200 && status != 101) {
        receiver_.interim(parser_->get().base());
        new_parser();
        return;
    }
    status_ = status;
    const auto wanted = receiver_.header(parser_->get().base());
    done_ = parser_->is_done() || wanted == ResponseReceiver::Wanted::nothing_more;
}

void ResponseReader::end(bool reset) {
    boost::system::error_code error;
    if (status_ && !reset) {
        parser_->put_eof(error);
        done_ = !error;
    }
    if (done_) {
        return;
    }
    if (!anything_arrived_) {
        throw BrokenAnswer(BrokenAnswer::Kind::none,
                           "the agent closed the connection without an answer");
    }
    throw BrokenAnswer(
        BrokenAnswer::Kind::cut_off,
        "the answer breaks off " +
            (status_ ? "after " + std::to_string(body_bytes_) + " bytes of its body"
                     : std::string("in its header")) +
            ": the process died or closed the connection, a timeout ended it, or the agent "
            "ended; see Passenger's log");
}

std::optional<std::uint64_t> ResponseReader::announced_bytes() const {
    if (!status_) {
        return std::nullopt;
    }
    const auto announced = parser_->content_length();
    return announced ? std::optional<std::uint64_t>(*announced) : std::nullopt;
}

bool ResponseReader::leaves_connection_open() const {
    return status_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0;
}

} // namespace gangway::command
