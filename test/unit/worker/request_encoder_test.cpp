#include "worker/request_encoder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/session_header.hpp"

namespace gangway::worker {
namespace {

// The variables of a request in the session protocol.
class Session {
  public:
    explicit Session(const Request& request) {
        auto decoded = decode_session_header(encode_session_request(request, "Gangway/1"));
        EXPECT_TRUE(decoded.has_value());
        variables_ = std::move(decoded).value_or(Variables());
    }
    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(std::count_if(
            variables_.begin(), variables_.end(), [&](const auto& v) { return v.first == name; }));
    }
    // "(missing)" or "(twice)" where there is not one.
    std::string operator[](std::string_view name) const {
        if (count(name) != 1) {
            return count(name) == 0 ? "(missing)" : "(twice)";
        }
        return std::find_if(variables_.begin(), variables_.end(),
                            [&](const auto& v) { return v.first == name; })
            ->second;
    }

  private:
    Variables variables_;
};

Request request(Headers headers = {}, Body body = {}) {
    return {"GET", "/a%2Fb?x=1&y",    "shop.example:8080", "/", std::move(headers), body,
            "",    "secret-password1"};
}

Request with_target(std::string_view target, std::string_view base_uri = "/") {
    Request result = request();
    result.target = target;
    result.base_uri = base_uri;
    return result;
}

TEST(SessionRequest, HasTheVariablesThatPassengerSends) {
    const Session v(request({{"Accept", "*/*"}}));
    EXPECT_EQ(v["REQUEST_URI"], "/a%2Fb?x=1&y");
    EXPECT_EQ(v["PATH_INFO"], "/a%2Fb");
    EXPECT_EQ(v["SCRIPT_NAME"], "");
    EXPECT_EQ(v["QUERY_STRING"], "x=1&y");
    EXPECT_EQ(v["REQUEST_METHOD"], "GET");
    EXPECT_EQ(v["SERVER_NAME"], "shop.example");
    EXPECT_EQ(v["SERVER_PORT"], "8080");
    EXPECT_EQ(v["SERVER_SOFTWARE"], "Gangway/1");
    EXPECT_EQ(v["SERVER_PROTOCOL"], "HTTP/1.1");
    EXPECT_EQ(v["REMOTE_ADDR"], "127.0.0.1");
    EXPECT_EQ(v["REMOTE_PORT"], "0");
    EXPECT_EQ(v["PASSENGER_CONNECT_PASSWORD"], "secret-password1");
    EXPECT_EQ(v["HTTP_ACCEPT"], "*/*");
    EXPECT_EQ(v.count("CONTENT_LENGTH"), 0U);
    EXPECT_EQ(v.count("CONTENT_TYPE"), 0U);
    EXPECT_EQ(v.count("HTTP_CONNECTION"), 0U);
    EXPECT_EQ(v.count("HTTP_UPGRADE"), 0U);
}

TEST(SessionRequest, PassesTheTargetOnByteForByte) {
    const Session v(with_target("/a//b/../%2e%00;p=1?q=%20&r?s"));
    EXPECT_EQ(v["REQUEST_URI"], "/a//b/../%2e%00;p=1?q=%20&r?s");
    EXPECT_EQ(v["PATH_INFO"], "/a//b/../%2e%00;p=1");
    EXPECT_EQ(v["QUERY_STRING"], "q=%20&r?s");
    EXPECT_EQ(Session(with_target("*"))["PATH_INFO"], "*");
}

TEST(SessionRequest, HasAnEmptyQueryWithoutQuestionMark) {
    const Session v(with_target("/plain"));
    EXPECT_EQ(v["PATH_INFO"], "/plain");
    EXPECT_EQ(v["QUERY_STRING"], "");
    EXPECT_EQ(Session(with_target("/plain?"))["QUERY_STRING"], "");
}

TEST(SessionRequest, TellsWhereTheApplicationIsMounted) {
    const Session inside(with_target("/shop/cart?a=/shop", "/shop"));
    EXPECT_EQ(inside["SCRIPT_NAME"], "/shop");
    EXPECT_EQ(inside["PATH_INFO"], "/cart");
    EXPECT_EQ(inside["REQUEST_URI"], "/shop/cart?a=/shop");
    const Session exactly(with_target("/shop?a", "/shop"));
    EXPECT_EQ(exactly["SCRIPT_NAME"], "/shop");
    EXPECT_EQ(exactly["PATH_INFO"], "/");
    const Session outside(with_target("/blog?a=/shop", "/shop"));
    EXPECT_EQ(outside["SCRIPT_NAME"], "");
    EXPECT_EQ(outside["PATH_INFO"], "/blog");
    const Session only_in_the_query(with_target("/?/shop", "/shop"));
    EXPECT_EQ(only_in_the_query["SCRIPT_NAME"], "");
}

TEST(SessionRequest, TellsTheLengthOfTheBody) {
    EXPECT_EQ(Session(request({}, {false, 11}))["CONTENT_LENGTH"], "11");
    EXPECT_EQ(Session(request({}, {false, 0})).count("CONTENT_LENGTH"), 0U);
    EXPECT_EQ(Session(request({}, {false, 0, true}))["CONTENT_LENGTH"], "0");
    const Session chunked(request({}, {true, {}}));
    EXPECT_EQ(chunked.count("CONTENT_LENGTH"), 0U);
    EXPECT_EQ(chunked.count("HTTP_TRANSFER_ENCODING"), 0U);
}

TEST(SessionRequest, JoinsHeadersOfOneNameAsPassengerDoes) {
    const Session v(request({{"X-A", "1"}, {"Cookie", "a=1"}, {"x-a", "2"}, {"Cookie", "b=2"}}));
    EXPECT_EQ(v["HTTP_X_A"], "1,2");
    EXPECT_EQ(v["HTTP_COOKIE"], "a=1;b=2");
}

TEST(SessionRequest, DropsNamesThatWouldCollide) {
    const Session v(request(
        {{"X_Forwarded_For", "evil"}, {"X.Y", "z"}, {"Content-Type", "text/plain"}, {"~", "x"}}));
    EXPECT_EQ(v.count("HTTP_X_FORWARDED_FOR"), 0U);
    EXPECT_EQ(v.count("HTTP_X_Y"), 0U);
    EXPECT_EQ(v.count("HTTP_"), 0U);
    EXPECT_EQ(v["CONTENT_TYPE"], "text/plain");
    EXPECT_EQ(v.count("HTTP_CONTENT_TYPE"), 0U);
}

TEST(SessionRequest, TellsEachContentType) {
    EXPECT_EQ(Session(request({{"Content-Type", ""}}))["CONTENT_TYPE"], "");
    EXPECT_EQ(Session(request({{"content-type", "a"}, {"Content-Type", "b"}}))["CONTENT_TYPE"],
              "a,b");
}

TEST(SessionRequest, SplitsHostAndPort) {
    const auto split = [](std::string_view host) {
        Request r = request();
        r.host = host;
        const Session v(r);
        return v["SERVER_NAME"] + " " + v["SERVER_PORT"];
    };
    EXPECT_EQ(split("a.example"), "a.example 80");
    EXPECT_EQ(split("a.example:81"), "a.example 81");
    EXPECT_EQ(split("[::1]:81"), "[::1] 81");
    EXPECT_EQ(split("[::1]"), "[::1] 80");
    EXPECT_EQ(split("name:"), "name 80");
    EXPECT_EQ(split(""), "localhost 80");
}

TEST(SessionRequest, AsksForAnUpgrade) {
    Request r = request();
    r.upgrade = "websocket";
    const Session v(r);
    EXPECT_EQ(v["HTTP_CONNECTION"], "upgrade");
    EXPECT_EQ(v["HTTP_UPGRADE"], "websocket");
}

TEST(HttpRequest, AsksForOneAnswerOnAConnection) {
    EXPECT_EQ(encode_http_request(request({{"Host", "h"}, {"X-A", "1"}, {"X-A", "2"}}, {false, 3})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n"
              "Content-Length: 3\r\n\r\n");
    EXPECT_EQ(encode_http_request(request({{"hOST", "h"}}, {true, {}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nhOST: h\r\nTransfer-Encoding: "
              "chunked\r\n\r\n");
    EXPECT_EQ(encode_http_request(request({{"Host", "h"}}, {false, 0})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nHost: h\r\n"
              "Content-Length: 0\r\n\r\n");
    EXPECT_EQ(encode_http_request(request({{"Host", "h"}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nHost: h\r\n\r\n");
}

TEST(HttpRequest, NamesAHostWhereTheClientNeedNot) {
    EXPECT_EQ(encode_http_request(request()),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n");
}

TEST(HttpRequest, AsksForAnUpgrade) {
    Request r = request({{"Host", "h"}});
    r.upgrade = "websocket, x/1";
    EXPECT_EQ(encode_http_request(r),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket, x/1\r\n"
              "Host: h\r\n\r\n");
}

TEST(DebugRequest, CarriesThePasswordInAHeaderAndNoConnection) {
    EXPECT_EQ(encode_debug_request(request({{"Host", "h"}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nHost: h\r\n"
              "X-Passenger-Connect-Password: secret-password1\r\n\r\n");
}

TEST(DebugRequest, NamesAHostWhereTheClientNeedNot) {
    EXPECT_EQ(encode_debug_request(request({{"X-A", "1"}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nX-A: 1\r\nHost: localhost\r\n"
              "X-Passenger-Connect-Password: secret-password1\r\n\r\n");
}

TEST(DebugRequest, DropsNamesThatWouldCollide) {
    EXPECT_EQ(encode_debug_request(request({{"Host", "h"}, {"X_A", "1"}, {"X-A", "2"}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nHost: h\r\nX-A: 2\r\n"
              "X-Passenger-Connect-Password: secret-password1\r\n\r\n");
}

TEST(DebugRequest, JoinsFieldsOfOneNameAsTheSessionProtocolDoes) {
    EXPECT_EQ(encode_debug_request(request({{"Cookie", "a=1"},
                                            {"X-Many", "1"},
                                            {"Host", "h"},
                                            {"cookie", "b=2"},
                                            {"x-MANY", ""},
                                            {"X-Many", "3, 4"},
                                            {"Cookie", ""}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nCookie: a=1;b=2;\r\nX-Many: 1,,3, 4\r\nHost: h\r\n"
              "X-Passenger-Connect-Password: secret-password1\r\n\r\n");
}

} // namespace
} // namespace gangway::worker
