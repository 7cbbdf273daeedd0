#include "gangway/agent/problem.hpp"
#include "gangway/client/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {
namespace {

class Recorder final : public ResponseReceiver {
  public:
    void interim(const ResponseHeader& header) override { interims.push_back(header.result_int()); }
    Wanted header(const ResponseHeader& header) override {
        ++headers;
        status = header.result_int();
        gangway_error = is_gangway_error(header);
        return wanted;
    }
    void body(std::string_view piece) override { text.append(piece); }

    Wanted wanted = Wanted::body;
    int headers = 0;
    std::vector<unsigned> interims;
    unsigned status = 0;
    bool gangway_error = false;
    std::string text;
};

void feed_byte_by_byte(ResponseReader& reader, std::string_view bytes) {
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        reader.feed(bytes.substr(index, 1));
    }
}

TEST(ResponseReader, ReadsAChunkedAnswerInWhateverPiecesItArrives) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    feed_byte_by_byte(reader, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5;x=y\r\nhello\r\n4\r\n you\r\n0\r\n\r\n");
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(recorder.text, "hello you");
    EXPECT_EQ(reader.body_bytes(), 9U);
}

TEST(ResponseReader, ReadsABodyThatIsLongerThanItsOwnPieces) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    const std::string body(100'000, 'x');
    reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body);
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(recorder.text, body);
}

// Beast's parser asserts that it does not see that line alone twice.
TEST(ResponseReader, ReadsAnEmptyChunkedAnswerThatIsSplitInItsEnd) {
    const std::string_view head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string_view end = "0\r\n\r\n";
    for (std::size_t at = 0; at <= end.size(); at++) {
        Recorder recorder;
        ResponseReader reader(recorder, false);
        reader.feed(head);
        reader.feed(end.substr(0, at));
        reader.feed(end.substr(at));
        EXPECT_TRUE(reader.done()) << at;
        EXPECT_EQ(recorder.text, "");
    }
}

TEST(ResponseReader, PassesOverInterimAnswers) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    reader.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(recorder.headers, 1);
    EXPECT_EQ(recorder.status, 204U);
    EXPECT_EQ(recorder.interims, (std::vector<unsigned>{100, 103}));
}

TEST(ResponseReader, ToleratesTrailersBehindTheLastChunk) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    feed_byte_by_byte(reader, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5\r\nhello\r\n0\r\nX-Sum: 7\r\nX-Other: 8\r\n\r\n");
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(recorder.text, "hello");
    EXPECT_TRUE(reader.leaves_connection_open());
}

TEST(ResponseReader, KnowsTheLengthThatWasAnnounced) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    EXPECT_EQ(reader.announced_bytes(), std::nullopt);
    reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    EXPECT_EQ(reader.announced_bytes(), 5U);
}

bool leaves_open(std::string_view bytes, bool answers_head = false) {
    Recorder recorder;
    ResponseReader reader(recorder, answers_head);
    reader.feed(bytes);
    return reader.leaves_connection_open();
}

TEST(ResponseReader, LeavesTheConnectionOpenOnlyBehindAWholeAnswerThatAllowsIt) {
    EXPECT_TRUE(leaves_open("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"));
    EXPECT_TRUE(leaves_open("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true));
    EXPECT_TRUE(leaves_open("HTTP/1.1 204 No Content\r\n\r\n"));
    EXPECT_FALSE(leaves_open("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"));
    EXPECT_FALSE(leaves_open("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"));
    EXPECT_FALSE(leaves_open("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"));
    EXPECT_FALSE(leaves_open("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"));
    EXPECT_FALSE(leaves_open("HTTP/1.1 200 OK\r\n\r\na"));
}

TEST(ResponseReader, ExpectsNoBodyInTheAnswerToHead) {
    Recorder recorder;
    ResponseReader reader(recorder, true);
    reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_TRUE(reader.done());
}

TEST(ResponseReader, TakesTheEndOfTheConnectionForTheEndOfABodyWithoutLength) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    reader.feed("HTTP/1.1 200 OK\r\n\r\nall of it");
    EXPECT_FALSE(reader.done());
    reader.end(false);
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(recorder.text, "all of it");
}

TEST(ResponseReader, CallsAnAnswerBrokenThatEndsEarly) {
    for (const char* bytes : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                              "HTTP/1.1 100 Continue\r\n\r\n"}) {
        Recorder recorder;
        ResponseReader reader(recorder, false);
        reader.feed(bytes);
        EXPECT_THROW(reader.end(false), BrokenAnswer) << bytes;
        EXPECT_FALSE(reader.done()) << bytes;
    }
}

BrokenAnswer ended_after(std::string_view bytes) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    try {
        reader.feed(bytes);
        reader.end(false);
    } catch (const BrokenAnswer& broken) {
        return broken;
    }
    return {BrokenAnswer::Kind::none, "it is not broken"};
}

TEST(ResponseReader, SaysHowFarABrokenAnswerCame) {
    EXPECT_EQ(ended_after("").kind(), BrokenAnswer::Kind::none);
    const BrokenAnswer in_header = ended_after("HTTP/1.1 200 OK\r\nDate:");
    EXPECT_EQ(in_header.kind(), BrokenAnswer::Kind::cut_off);
    EXPECT_NE(std::string(in_header.what()).find("in its header"), std::string::npos);
    const BrokenAnswer in_body =
        ended_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n");
    EXPECT_EQ(in_body.kind(), BrokenAnswer::Kind::cut_off);
    EXPECT_NE(std::string(in_body.what()).find("after 3 bytes"), std::string::npos);
    EXPECT_EQ(ended_after("SSH-2.0-OpenSSH\r\n\r\n").kind(), BrokenAnswer::Kind::not_http);
}

TEST(ResponseReader, CallsAnAnswerWithoutLengthBrokenWhereTheConnectionWasReset) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    reader.feed("HTTP/1.1 200 OK\r\n\r\nsome");
    EXPECT_THROW(reader.end(true), Failure);
}

TEST(ResponseReader, RefusesWhatIsNotHttp) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    EXPECT_THROW(reader.feed("SSH-2.0-OpenSSH\r\n\r\n"), Failure);
}

TEST(ResponseReader, IsDoneWithTheHeaderWhereTheBodyIsNotWanted) {
    Recorder recorder;
    recorder.wanted = ResponseReceiver::Wanted::nothing_more;
    ResponseReader reader(recorder, false);
    reader.feed("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nabcde");
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(recorder.text, "");
}

bool is_gangways(const std::string& headers) {
    Recorder recorder;
    ResponseReader reader(recorder, false);
    reader.feed("HTTP/1.1 503 X\r\nContent-Length: 0\r\n" + headers + "\r\n");
    EXPECT_TRUE(reader.done());
    return recorder.gangway_error;
}

TEST(IsGangwayError, GoesByMediaTypeAndTheMissingRoute) {
    EXPECT_TRUE(is_gangways("Content-Type: application/problem+json\r\n"));
    EXPECT_TRUE(is_gangways("Content-Type: Application/Problem+JSON; charset=utf-8\r\n"));
    EXPECT_FALSE(
        is_gangways("Content-Type: application/problem+json\r\nX-Gangway-Route: pool\r\n"));
    EXPECT_FALSE(is_gangways("Content-Type: application/json\r\n"));
    EXPECT_FALSE(is_gangways(""));
}

TEST(ProblemFailure, SaysCodeAndDetail) {
    const Failure failure = problem_failure(
        503, R"({"title":"T","status":503,"code":"worker_closed","detail":"it did"})", {});
    EXPECT_STREQ(failure.what(), "worker_closed: it did");
    EXPECT_EQ(failure.code(), ExitCode::bad_answer);
}

TEST(ProblemFailure, LetsNoEscapeSequenceThrough) {
    const Failure failure =
        problem_failure(404, R"({"code":"c","detail":"\u001b[2J\u009b\n"})", {});
    EXPECT_STREQ(failure.what(), "c: ?[2J??");
}

TEST(ProblemFailure, FallsBackToTheStatusWhereTheDocumentSaysNothing) {
    EXPECT_STREQ(problem_failure(503, "", {}).what(), "HTTP 503");
    EXPECT_STREQ(problem_failure(503, R"([1])", {}).what(), "HTTP 503");
    EXPECT_STREQ(problem_failure(503, R"({"code":{},"title":"Busy"})", {}).what(),
                 "HTTP 503: Busy");
}

TEST(ExitCodeForStatus, TellsMissingAuthorizationFromOtherErrors) {
    EXPECT_EQ(exit_code_for_status(401), ExitCode::unauthorized);
    EXPECT_EQ(exit_code_for_status(403), ExitCode::unauthorized);
    for (const unsigned status : {400U, 404U, 409U, 500U, 503U, 504U}) {
        EXPECT_EQ(exit_code_for_status(status), ExitCode::bad_answer);
    }
}

} // namespace
} // namespace gangway::command
