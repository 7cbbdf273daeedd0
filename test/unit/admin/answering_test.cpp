#include "admin/answering.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_coroutine.hpp"
#include "support/wire.hpp"

namespace gangway::admin {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr milliseconds never = std::chrono::hours(1); // Longer than any test may take.

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Over one end of a socket pair; the tests read at the other.
class AnsweringTest : public testing::Test {
  protected:
    AnsweringTest() {
        ClientSocket ours(context_);
        net::local::connect_pair(ours, theirs_);
        stream_ = std::make_unique<wire::ClientStream>(std::move(ours));
        answering_.emplace(*stream_, never, statistics_, draining_);
    }

    // A request of which the head has been read, and of its body nothing.
    void ask(const std::string& request) {
        parser_.emplace(head_);
        answering_->begin(*parser_, head_);
        buffer_.clear();
        const auto space = buffer_.prepare(request.size());
        buffer_.commit(net::buffer_copy(space, net::buffer(request)));
        error_code ec;
        ASSERT_TRUE(wire::HeadReading<true>(65'536).take(buffer_, *parser_, ec)) << request;
        ASSERT_FALSE(ec) << request << ec.message();
    }

    // Whether the connection can take another request.
    template <typename What>
    bool send(const What& what) {
        bool again = false;
        const auto work = [&]() -> awaitable<void> { again = co_await answering_->send(what); };
        run_coroutine(context_, work);
        return again;
    }
    bool begin_stream() {
        bool goes_on = false;
        const auto work = [&]() -> awaitable<void> {
            goes_on = co_await answering_->begin_stream("application/x-ndjson");
        };
        run_coroutine(context_, work);
        return goes_on;
    }
    bool stream(const std::string& text) {
        bool goes_on = false;
        const auto work = [&]() -> awaitable<void> { goes_on = co_await answering_->stream(text); };
        run_coroutine(context_, work);
        return goes_on;
    }
    bool end_stream() {
        bool again = false;
        const auto work = [&]() -> awaitable<void> { again = co_await answering_->end_stream(); };
        run_coroutine(context_, work);
        return again;
    }

    // All that was written so far.
    std::string written() {
        std::string text(theirs_.available(), '\0');
        text.resize(theirs_.read_some(net::buffer(text)));
        return text;
    }
    // The same, taken apart after the connection has closed.
    static message::Reading read(const std::string& bytes) { return message::read_answer({bytes}); }

    net::io_context context_;
    ClientSocket theirs_{context_};
    std::unique_ptr<wire::ClientStream> stream_;
    Statistics statistics_;
    bool draining_ = false;
    beast::flat_buffer buffer_;
    message::Head head_;
    std::optional<message::RequestParser> parser_;
    std::optional<Answering> answering_;
};

TEST_F(AnsweringTest, SendsAnAnswerOfItsLength) {
    ask(get);
    EXPECT_TRUE(send(Answer{200, "application/json", "{}"}));
    EXPECT_EQ(written(), "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         "Cache-Control: no-store\r\nContent-Length: 2\r\n\r\n{}");
    EXPECT_EQ(answering_->told().status, 200U);
    EXPECT_EQ(answering_->told().body_bytes, 2U);
    EXPECT_FALSE(answering_->told().code.has_value());
}

TEST_F(AnsweringTest, SendsNoBodyToHeadAndTheLengthThatItWouldHave) {
    ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(send(Answer{200, "application/json", "{}"}));
    const std::string text = written();
    EXPECT_THAT(text, HasSubstr("Content-Length: 2\r\n"));
    EXPECT_THAT(text, EndsWith("\r\n\r\n"));
    EXPECT_EQ(answering_->told().body_bytes, 0U);
}

TEST_F(AnsweringTest, SendsNoLengthWhereThereIsNoBodyToTypify) {
    ask(get);
    EXPECT_TRUE(send(Answer{204, {}, {}, "Allow: GET\r\n"}));
    EXPECT_EQ(written(),
              "HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\nAllow: GET\r\n\r\n");
}

TEST_F(AnsweringTest, SendsAProblemAndCountsIt) {
    ask(get);
    EXPECT_TRUE(send(Problem{Code::process_not_found, "There is none."}));
    const std::string text = written();
    EXPECT_THAT(text, StartsWith("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_THAT(text, HasSubstr("Content-Type: application/problem+json\r\n"));
    EXPECT_THAT(text, HasSubstr("X-Gangway-Error: process_not_found\r\n"));
    EXPECT_THAT(text, HasSubstr("There is none."));
    EXPECT_EQ(answering_->told().status, 404U);
    EXPECT_EQ(answering_->told().code, Code::process_not_found);
}

TEST_F(AnsweringTest, ForgetsWhatItToldToTheRequestBefore) {
    ask(get);
    send(Problem{Code::process_not_found, "There is none."});
    ask(get);
    EXPECT_EQ(answering_->told().status, 0U);
    EXPECT_EQ(answering_->told().body_bytes, 0U);
    EXPECT_FALSE(answering_->told().code.has_value());
}

struct KeepAlive {
    const char* request;
    bool kept;
};

TEST_F(AnsweringTest, KeepsTheConnectionWhereTheNextRequestsBeginIsKnown) {
    for (const KeepAlive& row : std::vector<KeepAlive>{
             {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
             {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
             {"GET / HTTP/1.0\r\n\r\n", false},
             {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
             {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", true},
             {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", false},
             {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", false},
         }) {
        for (const bool streamed : {false, true}) {
            ask(row.request);
            bool again = false;
            if (streamed) {
                EXPECT_TRUE(begin_stream());
                again = end_stream();
            } else {
                again = send(Answer{200, "application/json", "{}"});
            }
            EXPECT_EQ(again, row.kept) << row.request << streamed;
            EXPECT_EQ(written().find("Connection: close\r\n") == std::string::npos, row.kept)
                << row.request << streamed;
        }
    }
}

TEST_F(AnsweringTest, ClosesAfterARequestThatWasNotUnderstood) {
    ask(get);
    EXPECT_FALSE(send(Problem{Code::bad_request, "What?"}));
    EXPECT_THAT(written(), HasSubstr("Connection: close\r\n"));
    ask(get);
    EXPECT_TRUE(send(Problem{Code::bad_parameter, "What?"}));
    EXPECT_THAT(written(), Not(HasSubstr("Connection: close\r\n")));
}

TEST_F(AnsweringTest, ClosesAfterAHeadThatWasNotReadToItsEnd) {
    parser_.emplace(head_);
    answering_->begin(*parser_, head_);
    EXPECT_FALSE(send(Problem{Code::request_timeout, "Too late."}));
    EXPECT_THAT(written(), HasSubstr("Connection: close\r\n"));
}

TEST_F(AnsweringTest, ClosesWhileTheServerDrains) {
    draining_ = true;
    ask(get);
    EXPECT_FALSE(send(Answer{200, "application/json", "{}"}));
    EXPECT_THAT(written(), HasSubstr("Connection: close\r\n"));
    ask(get);
    EXPECT_TRUE(begin_stream());
    EXPECT_THAT(written(), HasSubstr("Connection: close\r\n"));
    EXPECT_FALSE(end_stream());
}

TEST_F(AnsweringTest, ClosesAfterAStreamDuringWhichTheServerBeganToDrain) {
    ask(get);
    EXPECT_TRUE(begin_stream());
    draining_ = true;
    EXPECT_FALSE(end_stream());
    EXPECT_TRUE(read(written()).body_error == error_code());
}

TEST_F(AnsweringTest, StreamsInChunksWhichComeAsTheyAreWritten) {
    ask(get);
    EXPECT_TRUE(begin_stream());
    EXPECT_EQ(written(), "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                         "Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_TRUE(stream("{\"a\":1}\n"));
    EXPECT_EQ(written(), "8\r\n{\"a\":1}\n\r\n");
    EXPECT_TRUE(stream(std::string(300, 'x')));
    EXPECT_EQ(written(), "12c\r\n" + std::string(300, 'x') + "\r\n");
    EXPECT_TRUE(end_stream());
    EXPECT_EQ(written(), "0\r\n\r\n");
    EXPECT_EQ(answering_->told().status, 200U);
    EXPECT_EQ(answering_->told().body_bytes, 308U);
}

TEST_F(AnsweringTest, StreamsToOldHttpUntilItCloses) {
    ask("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(begin_stream());
    EXPECT_TRUE(stream("one\n"));
    EXPECT_TRUE(stream("two\n"));
    EXPECT_FALSE(end_stream());
    EXPECT_EQ(written(), "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                         "Cache-Control: no-store\r\nConnection: close\r\n\r\none\ntwo\n");
}

TEST_F(AnsweringTest, LeavesAStreamThatIsNotEndedIncomplete) {
    for (const bool ended : {true, false}) {
        ask(get);
        EXPECT_TRUE(begin_stream());
        EXPECT_TRUE(stream("one\n"));
        if (ended) {
            EXPECT_TRUE(end_stream());
        }
        const message::Reading reading = read(written());
        EXPECT_EQ(reading.body, "one\n");
        EXPECT_EQ(reading.error() == error_code(), ended) << reading.error().message();
    }
}

TEST_F(AnsweringTest, SeesThatTheClientHasGone) {
    ask(get);
    EXPECT_TRUE(begin_stream());
    theirs_.close();
    EXPECT_FALSE(stream("one\n"));
    EXPECT_FALSE(end_stream());
    ask(get);
    EXPECT_FALSE(begin_stream());
    EXPECT_FALSE(send(Answer{200, "application/json", "{}"}));
    EXPECT_EQ(answering_->told().status, 0U);
}

} // namespace
} // namespace gangway::admin
