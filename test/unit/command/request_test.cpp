#include "gangway/base/percent_encoding.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/client/header_argument.hpp"
#include "gangway/client/request_head.hpp"
#include "gangway/commands/request/options.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace gangway::command {
namespace {

using Action = HeaderArgument::Action;

HeaderArgument parsed(std::string_view argument) {
    const auto result = parse_header_argument(argument);
    EXPECT_TRUE(result) << argument;
    return result ? *result : HeaderArgument{};
}

bool is_refused(std::string_view argument) {
    return parse_header_argument(argument).has_error();
}

TEST(HeaderArgument, SplitsAtTheFirstColonAndTrimsTheValue) {
    const HeaderArgument header = parsed("X-Time:  12:30 \t");
    EXPECT_EQ(header.name, "X-Time");
    EXPECT_EQ(header.value, "12:30");
    EXPECT_EQ(header.action, Action::send);
}

TEST(HeaderArgument, RemovesADefaultHeaderWhereNoValueFollowsTheColon) {
    EXPECT_EQ(parsed("Accept:").action, Action::remove);
}

TEST(HeaderArgument, SendsAnEmptyValueWhereASemicolonEndsTheName) {
    const HeaderArgument header = parsed("X-Empty;");
    EXPECT_EQ(header.name, "X-Empty");
    EXPECT_EQ(header.value, "");
    EXPECT_EQ(header.action, Action::send);
}

TEST(HeaderArgument, RefusesWhatWouldBecomeAnotherHeaderOrRequest) {
    EXPECT_TRUE(is_refused("X: a\r\nY: b"));
    EXPECT_TRUE(is_refused("X: a\nb"));
    EXPECT_TRUE(is_refused("X Y: a"));
    EXPECT_TRUE(is_refused(": a"));
    EXPECT_TRUE(is_refused("no colon"));
    EXPECT_TRUE(is_refused(std::string_view("X: a\0b", 6)));
}

RequestOptions request_for(const std::string& path) {
    RequestOptions options;
    options.id = "20387";
    options.path = path;
    return options;
}

TEST(RequestMethod, FollowsFromTheOptionsUnlessItIsGiven) {
    RequestOptions options = request_for("/");
    EXPECT_EQ(request_method(options), "GET");
    options.data.push_back({"a=1", false});
    EXPECT_EQ(request_method(options), "POST");
    options.method = "PATCH";
    EXPECT_EQ(request_method(options), "PATCH");
    RequestOptions upload = request_for("/");
    upload.upload_file = "-";
    EXPECT_EQ(request_method(upload), "PUT");
    RequestOptions head = request_for("/");
    head.head = true;
    EXPECT_EQ(request_method(head), "HEAD");
}

TEST(RequestHead, KeepsThePathAndQueryAsTheyWereWritten) {
    EXPECT_EQ(request_head(request_for("/a%2Fb?x=1&x=2")).target,
              "/v1/processes/20387/request/a%2Fb?x=1&x=2");
}

// What request_head() has against the options; empty: nothing.
std::string usage_fault(const RequestOptions& options) {
    try {
        static_cast<void>(request_head(options));
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
        return failure.what();
    }
    return {};
}

TEST(RequestHead, RefusesFramingHeadersSinceTheCommandSetsThemAndUpgrades) {
    for (const char* header :
         {"Content-Length: 3", "transfer-encoding: chunked", "upgrade: websocket"}) {
        RequestOptions options = request_for("/");
        options.headers = {header};
        EXPECT_NE(usage_fault(options), "") << header;
    }
}

TEST(HeadersWithoutCgiName, AreThoseThatPassengerDrops) {
    RequestOptions options = request_for("/");
    options.headers = {"client_id: 7", "X-Fine-1: 1", "a.b;", "gone_default:"};
    EXPECT_EQ(headers_without_cgi_name(request_head(options)),
              (std::vector<std::string>{"client_id", "a.b"}));
}

TEST(RequestHead, RefusesBothKindsOfFail) {
    RequestOptions options = request_for("/");
    options.answer.fail = options.answer.fail_with_body = true;
    EXPECT_NE(usage_fault(options).find("--fail-with-body"), std::string::npos);
}

TEST(RequestHead, KeepsTheConnectionOpenForASeriesOnly) {
    RequestOptions options = request_for("/");
    EXPECT_NE(serialize(request_head(options)).find("Connection: close\r\n"), std::string::npos);
    options.repeat = 2;
    EXPECT_EQ(serialize(request_head(options)).find("Connection"), std::string::npos);
}

TEST(RequestHead, RefusesToShowOneAnswerOfASeries) {
    RequestOptions series = request_for("/");
    series.repeat = 2;
    series.concurrency = 2;
    EXPECT_EQ(usage_fault(series), "");
    RequestOptions verbose = series;
    verbose.verbose = true;
    RequestOptions to_file = series;
    to_file.answer.output_file = "x";
    RequestOptions with_header = series;
    with_header.answer.include_header = true;
    for (const RequestOptions& options : {verbose, to_file, with_header}) {
        EXPECT_NE(usage_fault(options).find("-n"), std::string::npos);
    }
    RequestOptions head = with_header;
    head.head = true; // -I stands for the method, too
    EXPECT_EQ(usage_fault(head), "");
}

TEST(RequestHead, RefusesConcurrencyWithoutASeries) {
    RequestOptions options = request_for("/");
    options.concurrency = 4;
    EXPECT_NE(usage_fault(options).find("-n 100"), std::string::npos);
}

TEST(RequestHead, LetsAHeaderOfTheUserWinOverADefaultAndKeepsRepeatedOnes) {
    RequestOptions options = request_for("/");
    options.data.push_back({"{}", false});
    options.headers = {"content-type: application/json", "X-A: 1", "X-A: 2", "Accept:"};
    RequestHead head = request_head(options);
    head.framing = {.has_body = true, .content_length = 2};
    EXPECT_EQ(serialize(head), "POST /v1/processes/20387/request/ HTTP/1.1\r\n"
                               "Host: localhost\r\n"
                               "User-Agent: gangway/" GANGWAY_VERSION "\r\n"
                               "Connection: close\r\n"
                               "content-type: application/json\r\n"
                               "X-A: 1\r\n"
                               "X-A: 2\r\n"
                               "Content-Length: 2\r\n\r\n");
}

TEST(RequestHead, AnnouncesChunksForABodyOfUnknownSizeAndNothingForNone) {
    RequestHead head = request_head(request_for("/"));
    EXPECT_EQ(serialize(head).find("Content-Length"), std::string::npos);
    head.framing.has_body = true;
    EXPECT_NE(serialize(head).find("Transfer-Encoding: chunked\r\n"), std::string::npos);
}

TEST(RequestHead, CarriesSteeringAndPasswordInHeaders) {
    RequestOptions options = request_for("/");
    options.route = "direct";
    options.timeouts = {.wait_seconds = 0.25,
                        .total_seconds = 600,
                        .connect_seconds = 1.5,
                        .first_byte_seconds = 20,
                        .idle_seconds = 3};
    RequestHead head = request_head(options);
    head.credentials.process_password = "secret";
    const std::string text = serialize(head);
    EXPECT_NE(text.find("X-Gangway-Route: direct\r\n"), std::string::npos);
    EXPECT_NE(text.find("X-Gangway-Wait: 0.25\r\n"), std::string::npos);
    EXPECT_NE(text.find("X-Gangway-Timeout: 600\r\n"), std::string::npos);
    EXPECT_NE(text.find("X-Gangway-Connect-Timeout: 1.5\r\n"), std::string::npos);
    EXPECT_NE(text.find("X-Gangway-First-Byte-Timeout: 20\r\n"), std::string::npos);
    EXPECT_NE(text.find("X-Gangway-Idle-Timeout: 3\r\n"), std::string::npos);
    EXPECT_NE(text.find("X-Passenger-Connect-Password: secret\r\n"), std::string::npos);
}

TEST(FaultOfProcessId, TakesPidsAndGupidsAndNothingThatCouldLeaveThePath) {
    EXPECT_EQ(fault_of_process_id("20387"), std::nullopt);
    EXPECT_EQ(fault_of_process_id("1a2b3c4-XyZ0123456"), std::nullopt);
    for (const char* id : {"", "..", "1/2", "1?x", "1%2F", "1 "}) {
        EXPECT_NE(fault_of_process_id(id), std::nullopt) << id;
    }
}

TEST(FaultOfPath, TakesWhatARequestLineCanHold) {
    EXPECT_EQ(fault_of_path("/"), std::nullopt);
    EXPECT_EQ(fault_of_path("//x/../y?q=%20"), std::nullopt);
    for (const char* path : {"", "x", "/a b", "/a\r\nb", "/a#b", "/\xc3\xa9"}) {
        EXPECT_NE(fault_of_path(path), std::nullopt) << path;
    }
}

TEST(FaultOfPath, SaysHowTheBadCharacterIsEncoded) {
    EXPECT_NE(fault_of_path("/a b?\xc3\xbc#1").value_or("").find("'/a%20b?%C3%BC%231'"),
              std::string::npos);
}

TEST(SecondsForHeader, WritesPlainDecimalsAndRefusesWhatIsNoDuration) {
    EXPECT_EQ(seconds_for_header(0), "0");
    EXPECT_EQ(seconds_for_header(1e2), "100");
    EXPECT_EQ(seconds_for_header(0.001), "0.001");
    EXPECT_EQ(seconds_for_header(-1), std::nullopt);
    EXPECT_EQ(seconds_for_header(std::numeric_limits<double>::quiet_NaN()), std::nullopt);
    EXPECT_EQ(seconds_for_header(std::numeric_limits<double>::infinity()), std::nullopt);
}

TEST(FaultOfSeconds, TakesNumbersInTheRangeAndSaysWhichOtherwise) {
    constexpr SecondsRange timeout{.longest = 3600};
    constexpr SecondsRange wait{.zero_allowed = true, .longest = 3600};
    for (const char* text : {"0.001", "2.5", "1e2", "3600"}) {
        EXPECT_EQ(fault_of_seconds(text, timeout), std::nullopt) << text;
    }
    for (const char* text : {"", "0", "-1", "3600.1", "abc", "1s", "nan", "inf", " 1", "1,5"}) {
        EXPECT_NE(fault_of_seconds(text, timeout).value_or("").find("above 0 and up to 3600"),
                  std::string::npos)
            << text;
    }
    EXPECT_EQ(fault_of_seconds("0", wait), std::nullopt);
    EXPECT_NE(fault_of_seconds("-1", wait).value_or("").find("from 0 to 3600"), std::string::npos);
}

TEST(FaultOfCount, TakesWholeNumbersFromOne) {
    EXPECT_EQ(fault_of_count("1", 256), std::nullopt);
    EXPECT_EQ(fault_of_count("256", 256), std::nullopt);
    for (const char* text : {"", "0", "257", "-1", "1.5", "x", "99999999999999999999"}) {
        EXPECT_NE(fault_of_count(text, 256).value_or("").find("from 1 to 256"), std::string::npos)
            << text;
    }
}

TEST(PercentEncode, MakesAGroupsNameOneSegment) {
    EXPECT_EQ(percent_encode("/var/www/shop (production)"),
              "%2Fvar%2Fwww%2Fshop%20%28production%29");
    EXPECT_EQ(percent_encode("a-b._~9"), "a-b._~9");
    EXPECT_EQ(percent_encode("\xc3\xa9&=?"), "%C3%A9%26%3D%3F");
}

} // namespace
} // namespace gangway::command
