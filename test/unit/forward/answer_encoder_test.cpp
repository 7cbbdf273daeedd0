#include "forward/answer_encoder.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::forward {
namespace {

using std::chrono::microseconds;

TEST(Framing, FollowsMethodStatusAndVersion) {
    EXPECT_EQ(choose_framing(true, 200, true, 5), Framing::none);
    EXPECT_EQ(choose_framing(false, 101, true, {}), Framing::none);
    EXPECT_EQ(choose_framing(false, 204, true, {}), Framing::none);
    EXPECT_EQ(choose_framing(false, 304, true, 5), Framing::none);
    EXPECT_EQ(choose_framing(false, 200, true, 0), Framing::length);
    EXPECT_EQ(choose_framing(false, 200, false, 5), Framing::length);
    EXPECT_EQ(choose_framing(false, 200, true, {}), Framing::chunked);
    EXPECT_EQ(choose_framing(false, 200, false, {}), Framing::until_close);
}

// How long a report says that each part took, in microseconds; a negative one did not happen.
Report report(int queue_us, int connect_us, int first_byte_us) {
    Report result;
    result.route = "pool";
    result.received = Report::Clock::time_point(microseconds(1'000'000));
    Report::Clock::time_point at = result.received;
    const auto after = [&](int part_us) -> std::optional<Report::Clock::time_point> {
        if (part_us < 0) {
            return std::nullopt;
        }
        at += microseconds(part_us);
        return at;
    };
    result.session = after(queue_us);
    result.connected = after(connect_us);
    result.first_byte = after(first_byte_us);
    return result;
}

std::string timing(const Report& report, int total_us) {
    std::string text = "before: ";
    append_server_timing(text, report, report.received + microseconds(total_us));
    return text.substr(8);
}

TEST(ServerTiming, TellsEachPartInMilliseconds) {
    EXPECT_EQ(timing(report(312, 41, 12'500), 12'900),
              "queue;dur=0.312, connect;dur=0.041, first_byte;dur=12.500, total;dur=12.900");
    EXPECT_EQ(timing(report(0, 1, 1'000), 61'000'009),
              "queue;dur=0.000, connect;dur=0.001, first_byte;dur=1.000, total;dur=61000.009");
}

TEST(ServerTiming, LeavesOutWhatDidNotHappen) {
    EXPECT_EQ(timing(report(-1, -1, -1), 5), "total;dur=0.005");
    EXPECT_EQ(timing(report(2, -1, -1), 5), "queue;dur=0.002, total;dur=0.005");
    EXPECT_EQ(timing(report(2, 1, -1), 5), "queue;dur=0.002, connect;dur=0.001, total;dur=0.005");
}

TEST(ServerTiming, IsNeverNegative) {
    EXPECT_EQ(timing(report(-1, -1, -1), -5), "total;dur=0.000");
}

// The value of Server-Timing depends on the clock: its line is taken out.
std::string without_timing(std::string head) {
    const std::size_t begin = head.find("\r\nServer-Timing: ");
    EXPECT_NE(begin, std::string::npos) << head;
    EXPECT_EQ(head.find("\r\nServer-Timing: queue;dur=", begin), begin) << head;
    head.erase(begin, head.find("\r\n", begin + 2) - begin);
    EXPECT_EQ(head.find("\r\nServer-Timing: total"), std::string::npos) << head;
    return head;
}

AnswerHead ok(worker::Headers headers = {}) {
    return {200, "", std::move(headers), std::nullopt, true, "", "7 gupid"};
}

std::string encode(const AnswerHead& head, Framing framing) {
    return without_timing(encode_answer_head(head, framing, report(1, 1, 1), "now"));
}

TEST(AnswerHead, NamesTheRouteAndTheProcess) {
    AnswerHead head = ok({{"Content-Type", "t"}});
    head.content_length = 5;
    EXPECT_EQ(encode(head, Framing::length),
              "HTTP/1.1 200 OK\r\nContent-Type: t\r\nDate: now\r\nX-Gangway-Route: pool\r\n"
              "X-Gangway-Process: 7 gupid\r\nContent-Length: 5\r\n\r\n");
}

TEST(AnswerHead, KeepsADateAndSaysWhenTheConnectionCloses) {
    AnswerHead head = ok({{"date", "then"}});
    head.status = 404;
    head.keep_alive = false;
    EXPECT_EQ(encode(head, Framing::chunked),
              "HTTP/1.1 404 Not Found\r\ndate: then\r\nX-Gangway-Route: pool\r\n"
              "X-Gangway-Process: 7 gupid\r\nTransfer-Encoding: chunked\r\n"
              "Connection: close\r\n\r\n");
}

TEST(AnswerHead, KeepsTheApplicationsOwnReason) {
    const auto status_line = [](unsigned status, std::string_view reason) {
        AnswerHead head = ok();
        head.status = status;
        head.reason = reason;
        const std::string text = encode(head, Framing::chunked);
        return text.substr(0, text.find("\r\n"));
    };
    EXPECT_EQ(status_line(418, "I'm a teapot"), "HTTP/1.1 418 I'm a teapot");
    EXPECT_EQ(status_line(299, ""), "HTTP/1.1 299 ");
    EXPECT_EQ(status_line(404, ""), "HTTP/1.1 404 Not Found");
    EXPECT_EQ(status_line(999, "Odd"), "HTTP/1.1 999 Odd");
}

TEST(AnswerHead, TellsTheLengthThatABodyWouldHaveHad) {
    AnswerHead head = ok();
    head.content_length = 5;
    EXPECT_NE(encode(head, Framing::none).find("\r\nContent-Length: 5\r\n"), std::string::npos);
    head.status = 304;
    EXPECT_NE(encode(head, Framing::none).find("\r\nContent-Length: 5\r\n"), std::string::npos);
    head.status = 204;
    EXPECT_EQ(encode(head, Framing::none).find("Content-Length"), std::string::npos);
}

TEST(AnswerHead, SaysNothingOfALengthWhereNoneIsKnown) {
    const std::string text = encode(ok(), Framing::none);
    EXPECT_EQ(text.find("Content-Length"), std::string::npos);
    EXPECT_EQ(text.find("Transfer-Encoding"), std::string::npos);
    EXPECT_EQ(text.find("Connection"), std::string::npos);
}

TEST(AnswerHead, EndsTheConnectionWhereOnlyThatEndsTheBody) {
    const std::string text = encode(ok(), Framing::until_close);
    EXPECT_NE(text.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_EQ(text.find("Transfer-Encoding"), std::string::npos);
}

TEST(AnswerHead, TellsOfAnUpgrade) {
    AnswerHead head = ok({{"Sec-WebSocket-Accept", "s"}});
    head.status = 101;
    head.keep_alive = false;
    head.upgrade = "websocket";
    EXPECT_EQ(encode(head, Framing::none),
              "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s\r\nDate: now\r\n"
              "X-Gangway-Route: pool\r\nX-Gangway-Process: 7 gupid\r\nUpgrade: websocket\r\n"
              "Connection: Upgrade\r\n\r\n");
}

TEST(AnswerHead, SaysWhatToUpgradeToWhereThatIsWanted) {
    AnswerHead head = ok();
    head.status = 426;
    head.upgrade = "h2c";
    EXPECT_NE(encode(head, Framing::chunked).find("\r\nConnection: Upgrade\r\n"),
              std::string::npos);
    EXPECT_NE(encode(head, Framing::chunked).find("\r\nUpgrade: h2c\r\n"), std::string::npos);
    head.keep_alive = false;
    EXPECT_NE(encode(head, Framing::chunked).find("\r\nConnection: close, Upgrade\r\n"),
              std::string::npos);
    head.upgrade = "";
    EXPECT_NE(encode(head, Framing::chunked).find("\r\nConnection: close\r\n"), std::string::npos);
    head.status = 200;
    head.upgrade = "h2c";
    EXPECT_EQ(encode(head, Framing::chunked).find("Upgrade"), std::string::npos);
}

TEST(AnswerHead, TellsItsTimesBehindTheApplicationsOwn) {
    const std::string text = encode_answer_head(ok({{"Server-Timing", "db;dur=1"}}),
                                                Framing::chunked, report(2, 3, 4), "now");
    const std::size_t own = text.find("\r\nServer-Timing: db;dur=1\r\n");
    ASSERT_NE(own, std::string::npos) << text;
    EXPECT_NE(text.find("\r\nServer-Timing: queue;dur=0.002, connect;dur=0.003, "
                        "first_byte;dur=0.004, total;dur=",
                        own),
              std::string::npos)
        << text;
}

TEST(InterimHead, HasStatusLineAndHeadersOnly) {
    EXPECT_EQ(encode_interim_head(103, "Early Hints", {{"Link", "</a>"}, {"Link", "</b>"}}),
              "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n");
    EXPECT_EQ(encode_interim_head(100, "", {}), "HTTP/1.1 100 Continue\r\n\r\n");
}

} // namespace
} // namespace gangway::forward
