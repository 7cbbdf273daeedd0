#include <map>
#include <string>

#include <boost/beast/http/fields.hpp>
#include <gtest/gtest.h>

#include "forward/header_rules.hpp"
#include "forward/request_encoder.hpp"
#include "forward/response_encoder.hpp"

namespace gangway::forward {
namespace {

namespace http = boost::beast::http;
using Variables = std::multimap<std::string, std::string>;

Variables decode(const std::string& header) {
    EXPECT_GE(header.size(), 4U);
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; i++) {
        length = length * 256 + static_cast<unsigned char>(header[i]);
    }
    EXPECT_EQ(length, header.size() - 4);
    Variables result;
    for (std::size_t at = 4; at < header.size();) {
        const std::size_t name_end = header.find('\0', at);
        const std::size_t value_end = header.find('\0', name_end + 1);
        EXPECT_NE(value_end, std::string::npos);
        result.emplace(header.substr(at, name_end - at),
                       header.substr(name_end + 1, value_end - name_end - 1));
        at = value_end + 1;
    }
    return result;
}

std::string only(const Variables& variables, const std::string& name) {
    EXPECT_EQ(variables.count(name), 1U) << name;
    const auto found = variables.find(name);
    return found == variables.end() ? "(missing)" : found->second;
}

Request request(Headers headers = {}, Body body = {}) {
    return {"GET", "/a%2Fb?x=1&y",    "shop.example:8080", std::move(headers),
            body,  "secret-password1"};
}

TEST(SessionRequest, HasTheVariablesThatPassengerSends) {
    const Variables v = decode(encode_session_request(request({{"Accept", "*/*"}}), "Gangway"));
    EXPECT_EQ(only(v, "REQUEST_URI"), "/a%2Fb?x=1&y");
    EXPECT_EQ(only(v, "PATH_INFO"), "/a%2Fb");
    EXPECT_EQ(only(v, "SCRIPT_NAME"), "");
    EXPECT_EQ(only(v, "QUERY_STRING"), "x=1&y");
    EXPECT_EQ(only(v, "REQUEST_METHOD"), "GET");
    EXPECT_EQ(only(v, "SERVER_NAME"), "shop.example");
    EXPECT_EQ(only(v, "SERVER_PORT"), "8080");
    EXPECT_EQ(only(v, "SERVER_SOFTWARE"), "Gangway");
    EXPECT_EQ(only(v, "SERVER_PROTOCOL"), "HTTP/1.1");
    EXPECT_EQ(only(v, "REMOTE_ADDR"), "127.0.0.1");
    EXPECT_EQ(only(v, "PASSENGER_CONNECT_PASSWORD"), "secret-password1");
    EXPECT_EQ(only(v, "HTTP_ACCEPT"), "*/*");
    EXPECT_EQ(v.count("CONTENT_LENGTH"), 0U);
    EXPECT_EQ(v.count("HTTP_TRANSFER_ENCODING"), 0U);
}

TEST(SessionRequest, HasAnEmptyQueryWithoutQuestionMark) {
    Request r = request();
    r.target = "/plain";
    const Variables v = decode(encode_session_request(r, "Gangway"));
    EXPECT_EQ(only(v, "PATH_INFO"), "/plain");
    EXPECT_EQ(only(v, "QUERY_STRING"), "");
}

TEST(SessionRequest, TellsTheLengthOfTheBody) {
    EXPECT_EQ(only(decode(encode_session_request(request({}, {false, 11}), "G")), "CONTENT_LENGTH"),
              "11");
    const Variables chunked = decode(encode_session_request(request({}, {true, {}}), "G"));
    EXPECT_EQ(only(chunked, "HTTP_TRANSFER_ENCODING"), "chunked");
    EXPECT_EQ(chunked.count("CONTENT_LENGTH"), 0U);
    EXPECT_EQ(decode(encode_session_request(request({}, {false, 0}), "G")).count("CONTENT_LENGTH"),
              0U);
}

TEST(SessionRequest, JoinsHeadersOfOneNameAsPassengerDoes) {
    const Variables v = decode(encode_session_request(
        request({{"X-A", "1"}, {"Cookie", "a=1"}, {"x-a", "2"}, {"Cookie", "b=2"}}), "G"));
    EXPECT_EQ(only(v, "HTTP_X_A"), "1,2");
    EXPECT_EQ(only(v, "HTTP_COOKIE"), "a=1;b=2");
}

TEST(SessionRequest, DropsNamesThatWouldCollide) {
    const Variables v = decode(encode_session_request(
        request({{"X_Forwarded_For", "evil"}, {"X.Y", "z"}, {"Content-Type", "text/plain"}}), "G"));
    EXPECT_EQ(v.count("HTTP_X_FORWARDED_FOR"), 0U);
    EXPECT_EQ(v.count("HTTP_X_Y"), 0U);
    EXPECT_EQ(only(v, "CONTENT_TYPE"), "text/plain");
    EXPECT_EQ(v.count("HTTP_CONTENT_TYPE"), 0U);
}

TEST(SessionRequest, SplitsHostAndPortOfAnIpv6Address) {
    Request r = request();
    r.host = "[::1]:81";
    Variables v = decode(encode_session_request(r, "G"));
    EXPECT_EQ(only(v, "SERVER_NAME"), "[::1]");
    EXPECT_EQ(only(v, "SERVER_PORT"), "81");
    r.host = "[::1]";
    v = decode(encode_session_request(r, "G"));
    EXPECT_EQ(only(v, "SERVER_NAME"), "[::1]");
    EXPECT_EQ(only(v, "SERVER_PORT"), "80");
}

TEST(HttpRequest, AsksForOneAnswerOnAConnection) {
    EXPECT_EQ(encode_http_request(request({{"Host", "h"}, {"X-A", "1"}, {"X-A", "2"}}, {false, 3})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n"
              "Content-Length: 3\r\n\r\n");
    EXPECT_EQ(encode_http_request(request({}, {true, {}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: "
              "chunked\r\n\r\n");
    EXPECT_EQ(encode_http_request(request({}, {false, 0})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

TEST(DebugRequest, CarriesThePasswordInAHeader) {
    EXPECT_EQ(encode_debug_request(request({{"Host", "h"}})),
              "GET /a%2Fb?x=1&y HTTP/1.1\r\nConnection: close\r\nHost: h\r\n"
              "X-Passenger-Connect-Password: secret-password1\r\n\r\n");
}

TEST(ChunkHead, IsTheSizeInHexadecimal) {
    EXPECT_EQ(chunk_head(1), "1\r\n");
    EXPECT_EQ(chunk_head(16384), "4000\r\n");
}

std::string names(const Headers& headers) {
    std::string result;
    for (const Header& header : headers) {
        result += std::string(header.name) + ";";
    }
    return result;
}

TEST(RequestHeaders, LoseWhatIsHopByHopOrGangwaysOwnAndKeepTheRestInOrder) {
    http::fields fields;
    for (const auto& [name, value] :
         std::vector<std::pair<const char*, const char*>>{{"Host", "h"},
                                                          {"X-B", "1"},
                                                          {"Connection", "close, X-Named"},
                                                          {"X-Named", "n"},
                                                          {"Keep-Alive", "1"},
                                                          {"TE", "trailers"},
                                                          {"Trailer", "X"},
                                                          {"Upgrade", "h2c"},
                                                          {"Transfer-Encoding", "chunked"},
                                                          {"Content-Length", "1"},
                                                          {"Expect", "100-continue"},
                                                          {"Proxy-Authorization", "p"},
                                                          {"x-passenger-connect-password", "s"},
                                                          {"X-Passenger-Process", "1"},
                                                          {"X-Gangway-Route", "pool"},
                                                          {"X-Gangway-Wait", "1"},
                                                          {"X-Gangway-Timeout", "1"},
                                                          {"!~Passenger-Envvars", "e"},
                                                          {"X-A", "2"},
                                                          {"X-B", "3"},
                                                          {"Authorization", "Basic x"}}) {
        fields.insert(name, value);
    }
    EXPECT_EQ(names(request_headers(fields, false)), "Host;X-B;X-B;X-A;Authorization;");
    EXPECT_EQ(names(request_headers(fields, true)), "Host;X-B;X-B;X-A;");
}

TEST(ResponseHeaders, LoseWhatIsHopByHopOrPassengersOwn) {
    http::fields fields;
    for (const auto& [name, value] :
         std::vector<std::pair<const char*, const char*>>{{"Status", "200 OK"},
                                                          {"Content-Type", "t"},
                                                          {"Connection", "close"},
                                                          {"Set-Cookie", "a"},
                                                          {"!~Request-OOB-Work", "true"},
                                                          {"X-Gangway-Process", "forged"},
                                                          {"Set-Cookie", "b"},
                                                          {"Content-Length", "5"}}) {
        fields.insert(name, value);
    }
    EXPECT_EQ(names(response_headers(fields)), "Content-Type;Set-Cookie;Set-Cookie;");
}

TEST(Framing, FollowsMethodStatusAndVersion) {
    EXPECT_EQ(choose_framing(true, 200, true, 5), Framing::none);
    EXPECT_EQ(choose_framing(false, 204, true, {}), Framing::none);
    EXPECT_EQ(choose_framing(false, 304, true, 5), Framing::none);
    EXPECT_EQ(choose_framing(false, 200, true, 0), Framing::length);
    EXPECT_EQ(choose_framing(false, 200, false, 5), Framing::length);
    EXPECT_EQ(choose_framing(false, 200, true, {}), Framing::chunked);
    EXPECT_EQ(choose_framing(false, 200, false, {}), Framing::until_close);
}

TEST(ResponseHead, NamesTheRouteAndTheProcess) {
    EXPECT_EQ(encode_response_head({200, "", {{"Content-Type", "t"}}, 5, true, "pool", "7 gupid"},
                                   Framing::length, "now"),
              "HTTP/1.1 200 OK\r\nContent-Type: t\r\nDate: now\r\nX-Gangway-Route: pool\r\n"
              "X-Gangway-Process: 7 gupid\r\nContent-Length: 5\r\n\r\n");
}

TEST(ResponseHead, KeepsADateAndSaysWhenTheConnectionCloses) {
    EXPECT_EQ(encode_response_head({404, "", {{"date", "then"}}, {}, false, "direct", "7 g"},
                                   Framing::chunked, "now"),
              "HTTP/1.1 404 Not Found\r\ndate: then\r\nX-Gangway-Route: direct\r\n"
              "X-Gangway-Process: 7 g\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, KeepsTheApplicationsOwnReason) {
    const auto head = [](unsigned status, std::string_view reason) {
        const std::string text = encode_response_head({status, reason, {}, 0, true, "pool", "7 g"},
                                                      Framing::length, "now");
        return text.substr(0, text.find("\r\n"));
    };
    EXPECT_EQ(head(418, "I'm a teapot"), "HTTP/1.1 418 I'm a teapot");
    EXPECT_EQ(head(299, ""), "HTTP/1.1 299 ");
    EXPECT_EQ(head(404, ""), "HTTP/1.1 404 Not Found");
}

TEST(ResponseHead, TellsNoLengthWith204) {
    const std::string head =
        encode_response_head({204, "", {}, 0, true, "pool", "7 g"}, Framing::none, "now");
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

} // namespace
} // namespace gangway::forward
