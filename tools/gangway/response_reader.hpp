// Takes a response apart as its bytes arrive and hands it on. Does no I/O itself.
#pragma once

#include "problem.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace gangway::command {

// Whoever uses an answer.
class ResponseReceiver {
  public:
    ResponseReceiver() = default;
    ResponseReceiver(const ResponseReceiver&) = delete;
    ResponseReceiver& operator=(const ResponseReceiver&) = delete;
    virtual ~ResponseReceiver() = default;

    enum class Wanted { body, nothing_more };
    // Once, before any body. Interim answers (1xx) are not reported.
    [[nodiscard]] virtual Wanted header(const ResponseHeader& header) = 0;
    virtual void body(std::string_view piece) = 0;
};

class ResponseReader {
  public:
    // `receiver` must outlive this. The answer to HEAD has no body whatever its headers say.
    ResponseReader(ResponseReceiver& receiver, bool answers_head);

    // Throws Failure(bad_answer) for what is not HTTP.
    void feed(std::string_view bytes);
    // The connection has ended; throws Failure(bad_answer) where that breaks the answer off.
    // `reset`: by an error, so that an answer which lasts until the end is broken too.
    void end(bool reset);

    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::optional<unsigned> status() const { return status_; }
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

  private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

    void new_parser();
    [[nodiscard]] bool step();
    void on_header();

    ResponseReceiver& receiver_;
    bool answers_head_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::optional<unsigned> status_; // set once the final header has arrived
    bool anything_arrived_ = false;
    bool done_ = false;
    std::uint64_t body_bytes_ = 0;
};

} // namespace gangway::command
