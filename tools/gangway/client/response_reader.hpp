// Takes a response apart as its bytes arrive and hands it on. Does no I/O itself.
#pragma once

#include "gangway/base/exit_code.hpp"
#include "gangway/client/response_header.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::command {

// An answer that did not come, or not to its end: by itself this does not tell whose fault that is.
// One that breaks off is a bad answer; who says nothing, or not HTTP, is no agent that is reached.
class BrokenAnswer : public Failure {
  public:
    enum class Kind { none, cut_off, not_http };

    BrokenAnswer(Kind kind, const std::string& message)
        : Failure(kind == Kind::cut_off ? ExitCode::bad_answer : ExitCode::unreachable, message),
          kind_(kind) {}

    [[nodiscard]] Kind kind() const noexcept { return kind_; }

  private:
    Kind kind_;
};

// Whoever uses an answer.
class ResponseReceiver {
  public:
    ResponseReceiver() = default;
    ResponseReceiver(const ResponseReceiver&) = delete;
    ResponseReceiver& operator=(const ResponseReceiver&) = delete;
    virtual ~ResponseReceiver() = default;

    enum class Wanted { body, nothing_more };
    // An answer (100, 103) that another one follows.
    virtual void interim(const ResponseHeader& header) = 0;
    // Once, before any body.
    [[nodiscard]] virtual Wanted header(const ResponseHeader& header) = 0;
    virtual void body(std::string_view piece) = 0;
};

class ResponseReader {
  public:
    // `receiver` must outlive this. The answer to HEAD has no body whatever its headers say.
    ResponseReader(ResponseReceiver& receiver, bool answers_head);

    // Throws BrokenAnswer for what is not HTTP.
    void feed(std::string_view bytes);
    // The connection has ended; throws BrokenAnswer where that breaks the answer off.
    // `reset`: by an error, so that an answer which lasts until the end is broken too.
    void end(bool reset);

    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::optional<unsigned> status() const { return status_; }
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
    // The length that the header announces.
    [[nodiscard]] std::optional<std::uint64_t> announced_bytes() const;
    // The answer is whole, and another one may follow on the connection.
    [[nodiscard]] bool leaves_connection_open() const;

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
