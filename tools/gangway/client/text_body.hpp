// A body that is in memory as a whole.
#pragma once

#include "gangway/client/request_body.hpp"

#include <string>
#include <utility>

namespace gangway::command {

class TextBody final : public RequestBody {
  public:
    explicit TextBody(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return text_.size(); }
    [[nodiscard]] int wait_descriptor() const override { return -1; }

    [[nodiscard]] Piece read(std::span<char> space) override {
        const std::size_t bytes = text_.copy(space.data(), space.size(), read_);
        read_ += bytes;
        return {.bytes = bytes, .end = read_ == text_.size()};
    }

    [[nodiscard]] bool can_rewind() const override { return true; }
    void rewind() override { read_ = 0; }

  private:
    std::string text_;
    std::size_t read_ = 0;
};

} // namespace gangway::command
