#include "admin/answering.hpp"

#include <array>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/status.hpp>

#include "base/send.hpp"
#include "message/chunk.hpp"

namespace gangway::admin {

namespace {

constexpr std::string_view problem_type = "application/problem+json";
constexpr std::string_view close_line = "Connection: close\r\n";

} // namespace

void Answering::begin(const message::RequestParser& parser, const message::Head& head) {
    parser_ = &parser;
    head_ = &head;
    told_ = {};
}

bool Answering::can_keep_alive(bool may) const {
    const bool whole_request_read =
        parser_->is_header_done() &&
        (parser_->is_done() || (!parser_->chunked() && parser_->length().value_or(0) == 0));
    return may && whole_request_read && head_->version >= 11 && parser_->keep_alive() && !draining_;
}

std::string Answering::start(unsigned status, std::string_view content_type) const {
    const auto reason = http::obsolete_reason(static_cast<http::status>(status));
    std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
    text.append(reason.data(), reason.size());
    text += "\r\n";
    if (!content_type.empty()) {
        text += "Content-Type: ";
        text += content_type;
        text += "\r\n";
    }
    text += "Cache-Control: no-store\r\n";
    return text;
}

awaitable<bool> Answering::write(std::string_view first, std::string_view second) {
    const std::array<net::const_buffer, 2> buffers{net::buffer(first.data(), first.size()),
                                                   net::buffer(second.data(), second.size())};
    Pieces pieces(buffers);
    const error_code ec = co_await stream_.write(pieces, timeout_);
    co_return !ec;
}

awaitable<bool> Answering::send(const Problem& problem, bool may_keep_alive) {
    Answer answer{status(problem.code), problem_type, to_json(problem),
                  "X-Gangway-Error: " + std::string(name(problem.code)) + "\r\n"};
    if (problem.code == Code::unauthorized) {
        answer.more_headers += "WWW-Authenticate: Basic realm=\"gangway\"\r\n";
    } else if (problem.code == Code::method_not_allowed) {
        answer.more_headers += "Allow: " + std::string(problem.allow) + "\r\n";
    }
    // What was not understood may not end where it seems to.
    answer.may_keep_alive = may_keep_alive && problem.code != Code::bad_request;
    told_.code = problem.code;
    statistics_.count_error(problem.code);
    co_return co_await send(answer);
}

awaitable<bool> Answering::send(const Answer& answer) {
    const bool keep_alive = can_keep_alive(answer.may_keep_alive);
    std::string text = start(answer.status, answer.content_type);
    if (!answer.content_type.empty()) {
        text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    }
    text += answer.more_headers;
    if (!keep_alive) {
        text += close_line;
    }
    text += "\r\n";
    const std::string_view body = head_->is_method("HEAD") ? std::string_view() : answer.body;
    const bool written = co_await write(text, body);
    if (written) {
        told_.status = answer.status;
        told_.body_bytes = body.size();
    }
    co_return written&& keep_alive;
}

awaitable<bool> Answering::begin_stream(std::string_view content_type) {
    chunked_ = head_->version >= 11;
    stream_keeps_alive_ = chunked_ && can_keep_alive(true);
    constexpr unsigned ok = 200;
    std::string text = start(ok, content_type);
    if (chunked_) {
        text += "Transfer-Encoding: chunked\r\n";
    }
    if (!stream_keeps_alive_) {
        text += close_line;
    }
    text += "\r\n";
    const bool written = co_await write(text, {});
    told_.status = written ? ok : 0;
    co_return written;
}

awaitable<bool> Answering::stream(std::string_view text) {
    std::string chunk;
    std::string_view bytes = text;
    if (chunked_) {
        chunk = message::chunk_head(text.size());
        chunk += text;
        chunk += message::chunk_tail;
        bytes = chunk;
    }
    const bool written = co_await write(bytes, {});
    told_.body_bytes += written ? text.size() : 0;
    co_return written;
}

awaitable<bool> Answering::end_stream() {
    if (!chunked_) {
        co_return false;
    }
    const std::string end = message::chunked_end({});
    const bool written = co_await write(end, {});
    co_return written&& stream_keeps_alive_ && !draining_;
}

} // namespace gangway::admin
