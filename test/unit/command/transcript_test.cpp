#include "gangway/client/response_reader.hpp"
#include "gangway/commands/request/server_timing.hpp"
#include "gangway/commands/request/transcript.hpp"
#include "gangway/view/progress_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace gangway::command {
namespace {

class HeaderKeeper final : public ResponseReceiver {
  public:
    void interim(const ResponseHeader& /*header*/) override {}
    Wanted header(const ResponseHeader& header) override {
        kept = header;
        return Wanted::nothing_more;
    }
    void body(std::string_view /*piece*/) override {}

    ResponseHeader kept;
};

ResponseHeader header_of(const std::string& lines) {
    HeaderKeeper keeper;
    ResponseReader reader(keeper, true);
    reader.feed("HTTP/1.1 200 OK\r\n" + lines + "\r\n");
    EXPECT_TRUE(reader.done());
    return keeper.kept;
}

TEST(SentLines, MarksEachLineAndHidesCredentialsWhateverTheirCase) {
    EXPECT_EQ(sent_lines("GET /a HTTP/1.1\r\nHost: x\r\nauthorization: Bearer token\r\n"
                         "Proxy-Authorization: Basic abc\r\nX-PASSENGER-CONNECT-PASSWORD: pw\r\n"
                         "X-Authorization: shown\r\n\r\n"),
              "> GET /a HTTP/1.1\n> Host: x\n> authorization: ***\n> Proxy-Authorization: ***\n"
              "> X-PASSENGER-CONNECT-PASSWORD: ***\n> X-Authorization: shown\n>\n");
}

TEST(SentLines, HidesCookiesKeysAndTokens) {
    EXPECT_EQ(sent_lines("GET / HTTP/1.1\r\nCookie: a=1\r\nx-api-key: k\r\n\r\n"),
              "> GET / HTTP/1.1\n> Cookie: ***\n> x-api-key: ***\n>\n");
}

TEST(ReceivedLines, HideCookies) {
    EXPECT_EQ(received_lines(header_of("set-cookie: session=1\r\nX-A: 1\r\n")),
              "< HTTP/1.1 200 OK\n< set-cookie: ***\n< X-A: 1\n<\n");
}

TEST(ReceivedLines, MarksEachLineAndLetsNoEscapeSequenceThrough) {
    EXPECT_EQ(received_lines(header_of("X-A: 1\r\nX-A: \x9b"
                                       "2J\r\n")),
              "< HTTP/1.1 200 OK\n< X-A: 1\n< X-A: ?2J\n<\n");
}

TEST(ServerTiming, ReadsTheLineOfTheAgentBehindThoseOfTheApplication) {
    const auto timing =
        server_timing(header_of("Server-Timing: db;dur=5, total;dur=99\r\nX: y\r\n"
                                "Server-Timing: queue;dur=0.312, connect;dur=0.041, "
                                "first_byte;dur=12.5, total;dur=12.9\r\n"));
    ASSERT_TRUE(timing);
    EXPECT_EQ(timing->queue, 0.312);
    EXPECT_EQ(timing->connect, 0.041);
    EXPECT_EQ(timing->first_byte, 12.5);
    EXPECT_EQ(timing->total, 12.9);
    EXPECT_EQ(server_timing_text(*timing),
              "queue 0.312 ms, connect 0.041 ms, first byte 12.500 ms, total 12.900 ms");
}

TEST(ServerTiming, ToleratesSpacesOtherParametersAndUnknownMetrics) {
    const auto timing = server_timing(header_of(
        "Server-Timing:  total ; desc=\"all\" ; dur=3 ,cache, queue;dur=1,later;dur=7 \r\n"));
    ASSERT_TRUE(timing);
    EXPECT_EQ(timing->queue, 1);
    EXPECT_EQ(timing->total, 3);
    EXPECT_EQ(timing->connect, std::nullopt);
    EXPECT_EQ(server_timing_text(*timing), "queue 1.000 ms, total 3.000 ms");
}

TEST(ServerTiming, IsNoneWhereTheAgentSendsNone) {
    for (const char* lines :
         {"", "Server-Timing: db;dur=53, app;dur=47.2\r\n", "Server-Timing: total;dur=1\r\n",
          "Server-Timing: queue;dur=x, total;dur=1\r\n", "Server-Timing: queue, total\r\n",
          "Server-Timing: ,;,;;\r\n", "Server-Timing: queue;dur=nan, total;dur=1\r\n"}) {
        EXPECT_FALSE(server_timing(header_of(lines))) << lines;
    }
}

constexpr std::uint64_t mib = 1U << 20U;
constexpr std::chrono::seconds four{4};

TEST(TransferText, ShowsBothDirectionsWithTheirSharesAndRates) {
    Transfer transfer;
    EXPECT_EQ(transfer_text(transfer, four), "4s, waiting for the answer");
    transfer.sent = 12 * mib;
    transfer.sent_announced = 96 * mib;
    EXPECT_EQ(transfer_text(transfer, four),
              "4s, sent 12.0 MiB of 96.0 MiB (12%), 3.0 MiB/s, waiting for the answer");
    transfer.sent_announced.reset();
    transfer.received = 8 * mib;
    transfer.received_announced = 8 * mib;
    EXPECT_EQ(transfer_text(transfer, four), "4s, sent 12.0 MiB, 3.0 MiB/s, received 8.0 MiB of "
                                             "8.0 MiB (100%), 2.0 MiB/s");
}

TEST(SeriesText, ShowsWhatIsDoneAndTheRate) {
    EXPECT_EQ(series_text(1000, 5000, 0, four), "4s, 1000 of 5000 requests, 250.0/s");
    EXPECT_EQ(series_text(0, 5, 0, std::chrono::seconds(0)), "0s, 0 of 5 requests, 0.0/s");
    EXPECT_EQ(series_text(2, 5, 1, four), "4s, 2 of 5 requests, 0.5/s, 1 failed");
}

} // namespace
} // namespace gangway::command
