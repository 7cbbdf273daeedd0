#include "wire/read.hpp"

#include <array>
#include <string>
#include <string_view>

#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "support/message_parts.hpp"
#include "support/wire.hpp"

namespace gangway::wire {
namespace {

using http::error;

message::Script one(std::string_view text) {
    return {std::string(text)};
}

message::Script byte_by_byte(std::string_view text) {
    message::Script script;
    for (const char c : text) {
        script.emplace_back(1, c);
    }
    return script;
}

TEST(RequestHead, IsTakenOverAsItCame) {
    const std::string_view text =
        "gEt /a%2F//../b?c=%20 HTTP/1.1\r\nHost: h\r\nx-a:1\r\nX-B: \t2 3 "
        "\t\r\nX-A:\r\nx-a: \xe4\r\n\r\nrest";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_request(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(reading.head.method, "gEt");
        EXPECT_EQ(reading.head.target, "/a%2F//../b?c=%20");
        EXPECT_EQ(reading.head.version, 11U);
        EXPECT_EQ(message::print(reading.head.fields), "Host:h;x-a:1;X-B:2 3;X-A:;x-a:\xe4;");
        EXPECT_EQ(reading.body, "");
        EXPECT_EQ(reading.rest, "rest");
        EXPECT_TRUE(reading.keep_alive);
    }
}

TEST(RequestHead, MayComeBehindAnEmptyLine) {
    const std::string_view text = "\r\nGET / HTTP/1.0\r\n\r\n";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_request(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(reading.head.version, 10U);
        EXPECT_FALSE(reading.keep_alive);
    }
}

struct Bad {
    std::string_view text;
    error expected;
};

class BadRequestHead : public testing::TestWithParam<Bad> {};

TEST_P(BadRequestHead, IsRefusedHoweverItArrives) {
    for (const message::Script& script : {one(GetParam().text), byte_by_byte(GetParam().text)}) {
        EXPECT_EQ(message::read_request(script).head_error, GetParam().expected)
            << message::read_request(script).head_error.message();
    }
}

using std::string_view_literals::operator""sv;

INSTANTIATE_TEST_SUITE_P(
    Each, BadRequestHead,
    testing::Values(
        Bad{"", error::end_of_stream}, Bad{"GET", error::partial_message},
        Bad{"GET / HTTP/1.1\r\nHost: h\r\n", error::partial_message},
        Bad{"GET / HTTP/1.1\nHost: h\n\n", error::bad_line_ending},
        Bad{"GET / HTTP/1.1\r\nHost: h\n\r\n", error::bad_line_ending},
        Bad{"GET / HTTP/1.1\r\nHost: h\r\nX-A: a\r\n b\r\n\r\n", error::bad_line_ending},
        Bad{"GET / HTTP/1.1\r\n Host: h\r\n\r\n", error::bad_line_ending},
        Bad{"GET / HTTP/1.1\r\nX-A: a\rX-B: b\r\n\r\n", error::bad_line_ending},
        Bad{"GET / HTTP/1.1\r\nX-A: a\0b\r\n\r\n"sv, error::bad_value},
        Bad{"GET / HTTP/1.1\r\nX-A: a\x7f\r\n\r\n", error::bad_value},
        Bad{"GET / HTTP/1.1\r\nX-A: a\x01\r\n\r\n", error::bad_value},
        Bad{"GET / HTTP/1.1\r\nX-A : b\r\n\r\n", error::bad_field},
        Bad{"GET / HTTP/1.1\r\n: b\r\n\r\n", error::bad_field},
        Bad{"GET / HTTP/1.1\r\nX A: b\r\n\r\n", error::bad_field},
        Bad{"GET / HTTP/1.1\r\nX-A\r\n\r\n", error::bad_field},
        Bad{"GET / HTTP/1.1\r\nX\0: b\r\n\r\n"sv, error::bad_field},
        Bad{"GET / HTTP/1.1 \r\n\r\n", error::bad_version},
        Bad{"GET / HTTP/1.2\r\n\r\n", error::bad_version},
        Bad{"GET / HTTP/2.0\r\n\r\n", error::bad_version},
        Bad{"GET / http/1.1\r\n\r\n", error::bad_version}, Bad{"GET /\r\n\r\n", error::bad_target},
        Bad{"GET  / HTTP/1.1\r\n\r\n", error::bad_target},
        Bad{"GET /a b HTTP/1.1\r\n\r\n", error::bad_version},
        Bad{"GET /\x01 HTTP/1.1\r\n\r\n", error::bad_target},
        Bad{"GET /\0 HTTP/1.1\r\n\r\n"sv, error::bad_target},
        Bad{"G(T / HTTP/1.1\r\n\r\n", error::bad_method},
        Bad{"HTTP/1.1 200 OK\r\n\r\n", error::bad_method},
        Bad{"\r\n\r\nGET / HTTP/1.1\r\n\r\n", error::bad_method},
        Bad{"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            error::multiple_content_length},
        Bad{"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", error::bad_content_length},
        Bad{"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\nx", error::bad_content_length},
        Bad{"POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\nx",
            error::bad_content_length},
        Bad{"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            error::bad_transfer_encoding},
        Bad{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx",
            error::bad_content_length}));

TEST(RequestHead, IsRefusedAtTheFirstByteThatCannotBeMended) {
    const message::Reading reading = message::read_request({"GET / HTTP/1.1\n", "never read"});
    EXPECT_EQ(reading.head_error, error::bad_line_ending);
    EXPECT_EQ(reading.rest.substr(reading.rest.find('\n') + 1), "never read");
}

TEST(RequestHead, IsNotWaitedForWhereItCannotBeOne) {
    for (const std::string_view begin :
         {"\x16\x03\x01"sv, "\0"sv, " GET"sv, "\n"sv, "\r\n\r"sv, "\x7f"sv, "\xc3\xa4"sv}) {
        const message::Reading reading = message::read_request({std::string(begin), "never read"});
        EXPECT_EQ(reading.head_error, error::bad_method) << reading.head_error.message();
        EXPECT_TRUE(reading.rest.ends_with("never read")) << reading.rest;
    }
    EXPECT_EQ(message::read_request({"\r"}).head_error, error::partial_message);
}

TEST(RequestHead, MayHaveAsManyBytesAsAllowed) {
    const std::string text =
        "GET / HTTP/1.1\r\nHost: h\r\nX-A: " + std::string(1000, 'a') + "\r\n\r\n";
    const auto size = static_cast<std::uint32_t>(text.size());
    for (const message::Script& script : {one(text + "rest"), byte_by_byte(text + "rest")}) {
        EXPECT_FALSE(message::read_request(script, {.head_bytes = size}).error());
        EXPECT_EQ(message::read_request(script, {.head_bytes = size - 1}).head_error,
                  error::header_limit);
    }
    EXPECT_EQ(
        message::read_request({std::string(100, 'a'), "never read"}, {.head_bytes = 99}).head_error,
        error::header_limit);
}

TEST(RequestHead, MayHaveAsManyFieldsAsAllowed) {
    std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t i = 1; i < message::max_fields; i++) {
        text += "A: b\r\n";
    }
    const message::Reading most = message::read_request({text + "\r\n"});
    EXPECT_FALSE(most.error()) << most.error().message();
    EXPECT_EQ(most.head.fields.size(), message::max_fields);
    EXPECT_EQ(message::read_request({text + "A: b\r\n\r\n"}).head_error, error::header_limit);
}

TEST(RequestHead, MayHaveAsManyTrailersAsAllowed) {
    std::string text = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for (std::size_t i = 0; i < message::max_fields; i++) {
        text += "A: b\r\n";
    }
    const message::Reading most = message::read_request({text + "\r\n"});
    EXPECT_FALSE(most.error()) << most.error().message();
    EXPECT_EQ(most.head.trailers.size(), message::max_fields);
    EXPECT_EQ(message::read_request({text + "A: b\r\n\r\n"}).body_error, error::header_limit);
}

TEST(AnswerHead, IsTakenOverAsItCame) {
    const std::string_view text = "HTTP/1.0 404 Not at all\r\nX-A: 1\r\nset-cookie: a\r\n"
                                  "Set-Cookie: b\r\n\r\nbody";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_answer(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(reading.head.status, 404U);
        EXPECT_EQ(reading.head.reason, "Not at all");
        EXPECT_EQ(reading.head.version, 10U);
        EXPECT_EQ(message::print(reading.head.fields), "X-A:1;set-cookie:a;Set-Cookie:b;");
        EXPECT_EQ(reading.body, "body");
    }
}

TEST(AnswerHead, HasItsFoldedLinesUnfolded) {
    const std::string_view text =
        "HTTP/1.1 200 OK\r\nX-A: a\r\n  b\r\n\tc\r\nContent-Length: 0\r\n\r\n";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_answer(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(message::print(reading.head.fields), "X-A:a b c;Content-Length:0;");
    }
}

TEST(AnswerHead, MayHaveNoReason) {
    const message::Reading reading =
        message::read_answer({"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"});
    EXPECT_FALSE(reading.error()) << reading.error().message();
    EXPECT_EQ(reading.head.status, 200U);
    EXPECT_EQ(reading.head.reason, "");
}

TEST(AnswerHead, MayEndItsFirstLineWithTheStatus) {
    const std::string_view text = "HTTP/1.1 404\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nno";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_answer(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(reading.head.status, 404U);
        EXPECT_EQ(reading.head.reason, "");
        EXPECT_EQ(message::print(reading.head.fields), "X-A:1;Content-Length:2;");
        EXPECT_EQ(reading.body, "no");
    }
}

TEST(AnswerHead, MayHaveAnEmptyLineBeforeIt) {
    const std::string_view text = "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_answer(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(reading.head.status, 200U);
        EXPECT_EQ(reading.body, "ok");
    }
}

class BadAnswerHead : public testing::TestWithParam<Bad> {};

TEST_P(BadAnswerHead, IsRefusedHoweverItArrives) {
    for (const message::Script& script : {one(GetParam().text), byte_by_byte(GetParam().text)}) {
        EXPECT_EQ(message::read_answer(script).head_error, GetParam().expected)
            << message::read_answer(script).head_error.message();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadAnswerHead,
    testing::Values(Bad{"", error::end_of_stream}, Bad{"HTTP/1.1 2", error::partial_message},
                    Bad{"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", error::bad_version},
                    Bad{"\r\n", error::end_of_stream},
                    Bad{"\rHTTP/1.1 200 OK\r\n\r\n", error::bad_version},
                    Bad{"HTTP/1.1 2x0\r\n\r\n", error::bad_status},
                    Bad{"HTTP/1.1 20\r\n\r\n", error::bad_status},
                    Bad{"HTTP/1.1200\r\n\r\n", error::bad_version},
                    Bad{"Segmentation fault", error::bad_version},
                    Bad{"HTTP/2 200 OK\r\n\r\n", error::bad_version},
                    Bad{"HTTP/1.1 200 OK\n\n", error::bad_line_ending},
                    Bad{"HTTP/1.1 20 OK\r\n\r\n", error::bad_status},
                    Bad{"HTTP/1.1 2000 OK\r\n\r\n", error::bad_status},
                    Bad{"HTTP/1.1 2x0 OK\r\n\r\n", error::bad_status},
                    Bad{"HTTP/1.1 200 O\x01K\r\n\r\n", error::bad_reason},
                    Bad{"HTTP/1.1 200 OK\r\nX-A: a\0\r\n\r\n"sv, error::bad_value},
                    Bad{"HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\n\r\n", error::bad_line_ending},
                    Bad{"HTTP/1.1 200 OK\r\nX-A : a\r\n\r\n", error::bad_field},
                    Bad{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                        error::multiple_content_length},
                    Bad{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
                        "chunked\r\n\r\nx",
                        error::bad_transfer_encoding}));

TEST(AnswerHead, IsNotWaitedForWhereItCannotBeOne) {
    const message::Reading reading = message::read_answer({"Segmentation fault", "never read"});
    EXPECT_EQ(reading.head_error, error::bad_version);
    EXPECT_EQ(reading.rest, "Segmentation faultnever read");
}

struct Body {
    std::string_view headers; // after the first line
    std::string_view wire;
    std::string_view body;
    std::string_view trailers{};
};

class RequestBody : public testing::TestWithParam<Body> {};

TEST_P(RequestBody, IsReadUpToItsEnd) {
    const Body& c = GetParam();
    const std::string text = "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(c.headers) + "\r\n" +
                             std::string(c.wire) + "GET /next";
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_request(script);
        EXPECT_FALSE(reading.error()) << reading.error().message();
        EXPECT_EQ(reading.body, c.body);
        EXPECT_EQ(message::print(reading.head.trailers), c.trailers);
        EXPECT_EQ(reading.rest, "GET /next");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each, RequestBody,
    testing::Values(Body{"", "", ""}, Body{"Content-Length: 0\r\n", "", ""},
                    Body{"Content-Length: 5\r\n", "hello", "hello"},
                    Body{"Content-Length: 5\r\n", "\r\n\r\n\0"sv, "\r\n\r\n\0"sv},
                    Body{"Transfer-Encoding: chunked\r\n", "0\r\n\r\n", ""},
                    Body{"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"},
                    Body{"transfer-encoding: CHUNKED\r\n",
                         "1\r\nh\r\n00A\r\n0123456789\r\n000\r\n\r\n", "h0123456789"},
                    Body{"Transfer-Encoding: chunked\r\n",
                         "2;a=b\r\n\r\n\r\n1;c=\"d;e\";f\r\nx\r\n0;g\r\n\r\n", "\r\nx"},
                    Body{"Transfer-Encoding: chunked\r\n",
                         "1\r\nx\r\n0\r\nX-Sum: 1\r\nx-sum:\t2 \r\n\r\n", "x",
                         "X-Sum:1;x-sum:2;"}));

class BadRequestBody : public testing::TestWithParam<Bad> {};

TEST_P(BadRequestBody, IsRefusedHoweverItArrives) {
    const std::string text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                             std::string(GetParam().text);
    for (const message::Script& script : {one(text), byte_by_byte(text)}) {
        const message::Reading reading = message::read_request(script, {.line_bytes = 64});
        EXPECT_FALSE(reading.head_error) << reading.head_error.message();
        EXPECT_EQ(reading.body_error, GetParam().expected) << reading.body_error.message();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadRequestBody,
    testing::Values(Bad{"", error::partial_message}, Bad{"5\r\nhell", error::partial_message},
                    Bad{"5\r\nhello\r\n", error::partial_message},
                    Bad{"0\r\nX-Sum: 1\r\n", error::partial_message}, Bad{"\r\n", error::bad_chunk},
                    Bad{"x\r\n", error::bad_chunk}, Bad{"-1\r\nx", error::bad_chunk},
                    Bad{"+1\r\nx", error::bad_chunk},
                    Bad{"0x1\r\n\r\n", error::bad_chunk_extension},
                    Bad{" 1\r\nx", error::bad_chunk}, Bad{"1\nx\n0\n\n", error::partial_message},
                    Bad{"1\nx\n0\r\n\r\n", error::bad_chunk_extension},
                    Bad{"10000000000000000\r\nx", error::bad_chunk},
                    Bad{"1\r\nxy\r\n0\r\n\r\n", error::bad_chunk},
                    Bad{"1\r\nx0\r\n\r\n", error::bad_chunk},
                    Bad{"0\r\nX-Sum : 1\r\n\r\n", error::bad_field},
                    Bad{"0\r\nX-Sum: 1\rX-B: 2\r\n\r\n", error::bad_line_ending},
                    Bad{"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                        error::header_limit},
                    Bad{"0\r\nX: "
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                        error::header_limit}));

TEST(RequestBody, OfAKnownLengthIsBrokenWhenItEndsSooner) {
    const message::Reading reading =
        message::read_request({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "hell"});
    EXPECT_EQ(reading.body, "hell");
    EXPECT_EQ(reading.body_error, error::partial_message);
}

TEST(AnswerBody, LastsUntilTheConnectionEndsWhereNothingElseIsSaid) {
    const message::Reading reading = message::read_answer({"HTTP/1.1 200 OK\r\n\r\na", "b", "c"});
    EXPECT_FALSE(reading.error()) << reading.error().message();
    EXPECT_EQ(reading.body, "abc");
    EXPECT_FALSE(reading.keep_alive);
}

TEST(AnswerBody, IsBrokenWhenItEndsSooner) {
    for (const char* text :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n"}) {
        for (const message::Script& script : {one(text), byte_by_byte(text)}) {
            const message::Reading reading = message::read_answer(script);
            EXPECT_EQ(reading.body, "hell");
            EXPECT_EQ(reading.body_error, error::partial_message);
        }
    }
}

TEST(AnswerBody, IsNotThereWhereTheRequestWasHead) {
    const message::Reading reading = message::read_answer(
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1"}, {.skip_body = true});
    EXPECT_FALSE(reading.error()) << reading.error().message();
    EXPECT_EQ(reading.body, "");
    EXPECT_EQ(reading.rest, "HTTP/1.1");
}

TEST(AnswerBody, IsReadBesideItsTrailers) {
    const message::Reading reading = message::read_answer(
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: head\r\n\r\n3\r\nabc\r", "\n0\r\n",
         "X-A: trailer\r\n\r\nrest"});
    EXPECT_FALSE(reading.error()) << reading.error().message();
    EXPECT_EQ(reading.body, "abc");
    EXPECT_EQ(reading.head.fields.find("X-A"), "head");
    EXPECT_EQ(message::print(reading.head.trailers), "X-A:trailer;");
    EXPECT_EQ(reading.rest, "rest");
}

// Of two messages behind each other, each is read whole, and a parser for the second forgets the
// first.
TEST(Message, IsReadAndTheNextBehindIt) {
    message::ScriptedSource source(
        {"POST /1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"
         "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"});
    message::Head head;
    std::string seen;
    error_code last;
    const auto read_all = [&]() -> awaitable<void> {
        beast::flat_buffer buffer;
        while (!last) {
            message::RequestParser parser(head);
            last = co_await message::detail::read_head(source, buffer, parser, 1024);
            std::string_view piece = last ? "" : "(body)";
            seen += head.target + message::print(head.fields);
            while (!piece.empty()) {
                last = co_await read_piece(source, buffer, parser, 1024, piece);
                seen += piece;
            }
            seen += message::print(head.trailers) + "|";
        }
    };
    net::io_context context;
    net::co_spawn(context, read_all, net::detached);
    context.run();
    EXPECT_EQ(last, error::end_of_stream) << last.message();
    EXPECT_EQ(seen, "/1Host:h;X-A:1;Transfer-Encoding:chunked;abcX-Sum:1;|"
                    "/2Host:h;Content-Length:1;x|"
                    "|");
}

TEST(MessageError, IsTheMessagesOwnNotTheConnections) {
    for (const error code : {error::bad_method, error::bad_chunk, error::header_limit}) {
        EXPECT_TRUE(message::is_message_error(code));
    }
    for (const error_code& code :
         {error_code(error::end_of_stream), error_code(error::partial_message),
          error_code(net::error::connection_reset), error_code(net::error::eof), error_code()}) {
        EXPECT_FALSE(message::is_message_error(code)) << code.message();
    }
}

} // namespace
} // namespace gangway::wire
