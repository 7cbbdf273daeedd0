// Beast's parser of HTTP/1.x, writing into plain structures: nothing is reordered, joined or copied
// twice, and trailers stay apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "message/fields.hpp"

namespace gangway::message {

// The most fields of a head, and of its trailers.
inline constexpr std::size_t max_fields = 256;

// The head of a message, and what came after its body.
struct Head {
    std::string method; // of a request
    std::string target;
    unsigned status = 0; // of an answer
    std::string reason;
    unsigned version = 11; // 10 or 11
    Fields fields;
    Fields trailers; // once the body was read

    void clear();
    bool is_method(std::string_view name) const { return method == name; }
};

// Whether an error is the message's own, not the connection's.
bool is_message_error(const boost::system::error_code& ec);

// How a message says where its body ends, and what its connection is for, is checked by Beast while
// it parses; check_request() and check_answer() (rules.hpp) add what Beast lets through.
template <bool is_request>
class Parser final : public boost::beast::http::basic_parser<is_request> {
    using Base = boost::beast::http::basic_parser<is_request>;
    using error_code = boost::system::error_code;
    using beast_view = boost::beast::string_view;

  public:
    // Clears head. It outlives the parser.
    explicit Parser(Head& head) : head_(head) {
        head_.clear();
        this->body_limit(boost::none);
    }

    const Head& head() const { return head_; }
    // What the last put() gave of the body; points into its buffer.
    std::string_view take_body() { return std::exchange(body_, {}); }
    // Whether the size line of a chunk was read; false before the first.
    bool in_chunks() const { return in_chunks_; }
    std::optional<std::uint64_t> length() const {
        const auto length = this->content_length();
        return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
    }

  private:
    static std::string_view view(beast_view str) { return {str.data(), str.size()}; }

    void on_request_impl(boost::beast::http::verb /*method*/, beast_view method, beast_view target,
                         int version, error_code& /*ec*/) override {
        head_.method = view(method);
        head_.target = view(target);
        head_.version = static_cast<unsigned>(version);
    }
    void on_response_impl(int status, beast_view reason, int version, error_code& /*ec*/) override {
        head_.status = static_cast<unsigned>(status);
        head_.reason = view(reason);
        head_.version = static_cast<unsigned>(version);
    }
    void on_field_impl(boost::beast::http::field /*id*/, beast_view name, beast_view value,
                       error_code& ec) override {
        Fields& fields = this->is_header_done() ? head_.trailers : head_.fields;
        if (fields.size() == max_fields) {
            ec = boost::beast::http::error::header_limit;
        } else {
            fields.add(view(name), view(value));
        }
    }
    void on_header_impl(error_code& /*ec*/) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                           error_code& /*ec*/) override {}
    std::size_t on_body_impl(beast_view body, error_code& /*ec*/) override {
        body_ = view(body);
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t /*size*/, beast_view /*extensions*/,
                              error_code& /*ec*/) override {
        in_chunks_ = true;
    }
    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast_view body,
                                   error_code& /*ec*/) override {
        body_ = view(body);
        return body.size();
    }
    void on_finish_impl(error_code& /*ec*/) override {}

    Head& head_;
    std::string_view body_;
    bool in_chunks_ = false;
};

using RequestParser = Parser<true>;
using AnswerParser = Parser<false>;

} // namespace gangway::message
