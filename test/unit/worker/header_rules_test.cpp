#include "worker/header_rules.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/message_parts.hpp"

namespace gangway::worker {
namespace {

using message::fields_of;
using message::print;

TEST(RequestHeaders, LoseWhatIsHopByHopOrGangwaysOwnAndKeepTheRestInOrder) {
    const message::Fields fields = fields_of({{"Host", "h"},
                                              {"X-B", "1"},
                                              {"Connection", "close, X-Named"},
                                              {"x-named", "n"},
                                              {"Keep-Alive", "1"},
                                              {"TE", "trailers"},
                                              {"Trailer", "X"},
                                              {"Upgrade", "h2c"},
                                              {"Transfer-Encoding", "chunked"},
                                              {"Content-Length", "1"},
                                              {"Expect", "100-continue"},
                                              {"Proxy-Authorization", "p"},
                                              {"Proxy-Authenticate", "p"},
                                              {"Proxy-Connection", "close"},
                                              {"x-passenger-connect-password", "s"},
                                              {"X-Passenger-Process", "1"},
                                              {"X-Gangway-Route", "pool"},
                                              {"X-Gangway-Wait", "1"},
                                              {"X-Gangway-Timeout", "1"},
                                              {"X-Gangway-Connect-Timeout", "1"},
                                              {"X-Gangway-First-Byte-Timeout", "1"},
                                              {"X-Gangway-Idle-Timeout", "1"},
                                              {"!~Passenger-Envvars", "e"},
                                              {"X-A", "2"},
                                              {"X-Forwarded-For", "::1"},
                                              {"X-B", "3"},
                                              {"Authorization", "Basic x"}});
    EXPECT_EQ(print(request_headers(fields, {})),
              "Host:h;X-B:1;X-A:2;X-Forwarded-For:::1;X-B:3;Authorization:Basic x;");
    EXPECT_EQ(print(request_headers(fields, {.drop_authorization = true})),
              "Host:h;X-B:1;X-A:2;X-Forwarded-For:::1;X-B:3;");
}

TEST(RequestHeaders, KeepExpectAndTrailerWhereTheProcessIsToSeeThem) {
    const message::Fields fields =
        fields_of({{"Trailer", "X-Sum"}, {"X-A", "1"}, {"Expect", "100-continue"}});
    EXPECT_EQ(print(request_headers(fields, {})), "X-A:1;");
    EXPECT_EQ(print(request_headers(fields, {.keep_expect = true})), "X-A:1;Expect:100-continue;");
    EXPECT_EQ(print(request_headers(fields, {.keep_trailer = true})), "Trailer:X-Sum;X-A:1;");
}

TEST(RequestHeaders, TakeAnotherHostInItsPlace) {
    const message::Fields fields = fields_of({{"X-A", "1"}, {"hOst", "h"}, {"X-B", "2"}});
    EXPECT_EQ(print(request_headers(fields, {.host = "other:81"})), "X-A:1;hOst:other:81;X-B:2;");
    EXPECT_EQ(print(request_headers(fields_of({{"X-A", "1"}}), {.host = "other"})),
              "X-A:1;Host:other;");
}

TEST(Headers, LoseWhatEachConnectionHeaderNames) {
    const message::Fields fields = fields_of({{"X-A", "1"},
                                              {"X-B", "2"},
                                              {"Connection", "x-a;q=1, ,X-C"},
                                              {"X-C", "3"},
                                              {"connection", "X-D"},
                                              {"X-D", "4"},
                                              {"X-E", "5"}});
    EXPECT_EQ(print(request_headers(fields, {})), "X-B:2;X-E:5;");
    EXPECT_EQ(print(answer_headers(fields, false)), "X-B:2;X-E:5;");
}

TEST(RequestHeaders, KeepHostWhateverConnectionNames) {
    EXPECT_EQ(print(request_headers(
                  fields_of({{"Connection", "host, X-A"}, {"Host", "h"}, {"X-A", "1"}}), {})),
              "Host:h;");
}

TEST(AnswerHeaders, LoseWhatIsHopByHopOrPassengersOwn) {
    const message::Fields fields = fields_of({{"Status", "200 OK"},
                                              {"Content-Type", "t"},
                                              {"Connection", "close"},
                                              {"Set-Cookie", "a"},
                                              {"!~Request-OOB-Work", "true"},
                                              {"X-Gangway-Process", "forged"},
                                              {"X-Gangway-Route", "forged"},
                                              {"X-Gangway-Error", "forged"},
                                              {"X-Sendfile", "/f"},
                                              {"Server-Timing", "db;dur=1"},
                                              {"Set-Cookie", "b"},
                                              {"Transfer-Encoding", "chunked"},
                                              {"Content-Length", "5"}});
    EXPECT_EQ(print(answer_headers(fields, false)),
              "Content-Type:t;Set-Cookie:a;X-Sendfile:/f;Server-Timing:db;dur=1;Set-Cookie:b;");
}

TEST(AnswerHeaders, AnnounceTrailersOnlyWhereThereWillBeAny) {
    const message::Fields fields = fields_of({{"Trailer", "X-Sum"}, {"X-A", "1"}});
    EXPECT_EQ(print(answer_headers(fields, true)), "Trailer:X-Sum;X-A:1;");
    EXPECT_EQ(print(answer_headers(fields, false)), "X-A:1;");
}

TEST(Trailers, LoseWhatFramesRoutesAuthenticatesOrDescribesAMessage) {
    const message::Fields fields = fields_of({{"X-Sum", "1"},
                                              {"Content-Length", "5"},
                                              {"Transfer-Encoding", "chunked"},
                                              {"Host", "other"},
                                              {"Authorization", "Basic x"},
                                              {"WWW-Authenticate", "Basic"},
                                              {"Cookie", "a"},
                                              {"Set-Cookie", "a"},
                                              {"Content-Type", "t"},
                                              {"Content-Encoding", "gzip"},
                                              {"Content-Range", "bytes 0-1/2"},
                                              {"Cache-Control", "no-store"},
                                              {"Expires", "0"},
                                              {"Date", "d"},
                                              {"Location", "/"},
                                              {"Retry-After", "1"},
                                              {"Vary", "*"},
                                              {"Age", "1"},
                                              {"Expect", "100-continue"},
                                              {"Range", "bytes=0-1"},
                                              {"If-Match", "*"},
                                              {"If-None-Match", "*"},
                                              {"If-Modified-Since", "d"},
                                              {"If-Unmodified-Since", "d"},
                                              {"If-Range", "d"},
                                              {"Max-Forwards", "1"},
                                              {"Pragma", "p"},
                                              {"Trailer", "X"},
                                              {"TE", "trailers"},
                                              {"Connection", "close"},
                                              {"Keep-Alive", "1"},
                                              {"Upgrade", "x"},
                                              {"Status", "200"},
                                              {"!~Request-OOB-Work", "true"},
                                              {"x-sum", "2"}});
    EXPECT_EQ(print(request_trailers(fields)), "X-Sum:1;x-sum:2;");
    EXPECT_EQ(print(answer_trailers(fields)), "X-Sum:1;x-sum:2;");
}

TEST(Trailers, CannotSteerGangwayNorSpeakForIt) {
    EXPECT_EQ(print(request_trailers(fields_of({{"X-Gangway-Timeout", "1"},
                                                {"X-Passenger-Connect-Password", "s"},
                                                {"X-Passenger-Process", "1"},
                                                {"X-A", "1"}}))),
              "X-A:1;");
    EXPECT_EQ(print(answer_trailers(fields_of(
                  {{"X-Gangway-Process", "7 g"}, {"X-Gangway-Error", "e"}, {"X-A", "1"}}))),
              "X-A:1;");
}

TEST(Trailers, ThatNameTooMuchOfThemselvesAsHopByHopAreLeftOut) {
    std::string options = "X-B";
    for (int i = 0; i < 63; i++) {
        options += ",x";
    }
    const auto trailers = [&] {
        return fields_of({{"X-A", "1"}, {"X-B", "2"}, {"Connection", options}});
    };
    EXPECT_EQ(print(answer_trailers(trailers())), "X-A:1;");
    options += ",y";
    EXPECT_EQ(print(answer_trailers(trailers())), "");
    EXPECT_EQ(print(request_trailers(trailers())), "");
}

} // namespace
} // namespace gangway::worker
