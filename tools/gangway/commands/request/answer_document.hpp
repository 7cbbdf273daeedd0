// A process's answer for programs: what `gangway request --json` writes (docs/operators.md).
#pragma once

#include "gangway/client/response_header.hpp"

#include <json/value.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gangway::command {

class AnswerDocument {
  public:
    explicit AnswerDocument(const ResponseHeader& header);

    // The next bytes of its body. Throws Failure(bad_answer) where it gets longer than a document
    // may hold.
    void add(std::string_view piece);

    // In one line: the body in "body" where it is UTF-8, else in "body_base64".
    [[nodiscard]] std::string text() const;
    // The same where the body was written to a file instead.
    [[nodiscard]] std::string text_with_file(const std::string& file, std::uint64_t bytes) const;

    static constexpr std::size_t body_max_bytes = std::size_t{16} << 20U;

  private:
    Json::Value document_;
    std::string body_;
};

} // namespace gangway::command
