#include "gangway/client/request_sender.hpp"

#include "gangway/base/exit_code.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace gangway::command {

namespace {

constexpr std::size_t piece_bytes = 65536;

std::string hexadecimal(std::size_t number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return {digits.data(), end.ptr};
}

} // namespace

RequestSender::RequestSender(std::string head, RequestBody* body)
    : buffer_(std::move(head)),
      body_(body),
      announced_(body != nullptr ? body->size() : std::nullopt) {}

std::string_view RequestSender::pending() const {
    return std::string_view(buffer_).substr(buffer_sent_);
}

void RequestSender::sent(std::size_t bytes) {
    buffer_sent_ += bytes;
}

bool RequestSender::wants_body() const {
    return body_ != nullptr && pending().empty();
}

void RequestSender::read_body() {
    std::array<char, piece_bytes> space{};
    const RequestBody::Piece piece = body_->read(space);
    body_bytes_ += piece.bytes;
    if (announced_ && (body_bytes_ > *announced_ || (piece.end && body_bytes_ < *announced_))) {
        throw Failure(ExitCode::bad_answer, "a file of the request's body changed while it was "
                                            "sent; the request was broken off");
    }
    put_piece(std::string_view(space.data(), piece.bytes), piece.end);
    if (piece.end) {
        body_ = nullptr;
    }
}

void RequestSender::put_piece(std::string_view piece, bool end) {
    buffer_.clear();
    buffer_sent_ = 0;
    if (announced_) {
        buffer_.append(piece);
        return;
    }
    if (!piece.empty()) { // an empty chunk would end the body
        buffer_.append(hexadecimal(piece.size())).append("\r\n").append(piece).append("\r\n");
    }
    if (end) {
        buffer_.append("0\r\n\r\n");
    }
}

bool RequestSender::complete() const {
    return !given_up_ && body_ == nullptr && pending().empty();
}

void RequestSender::give_up() {
    given_up_ = !complete();
    body_ = nullptr;
    buffer_.clear();
    buffer_sent_ = 0;
}

} // namespace gangway::command
