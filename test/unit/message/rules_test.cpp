#include "message/rules.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "support/message_parts.hpp"

namespace gangway::message {
namespace {

Head request(std::string_view method, std::string_view target, Fields fields,
             unsigned version = 11) {
    Head head;
    head.method = method;
    head.target = target;
    head.version = version;
    head.fields = std::move(fields);
    return head;
}

Head with(std::initializer_list<Field> lines, unsigned version = 11) {
    Fields fields = fields_of({{"Host", "h"}});
    for (const Field& line : lines) {
        fields.add(line.name, line.value);
    }
    return request("POST", "/", std::move(fields), version);
}

// What an answer or a request with these fields is told; "" for nothing.
std::string complaint(const Head& head) {
    const auto wrong = check_request(head);
    return wrong.value_or("");
}

constexpr std::string_view about_length = "Content-Length must be given once";
constexpr std::string_view about_coding = "The only Transfer-Encoding";
constexpr std::string_view about_host = "There must be one Host";
constexpr std::string_view about_host_value = "Host must be a name or an address";

struct Framing {
    std::vector<Field> lines;
    unsigned version;
    std::string_view complaint; // how it begins
};

class FramingOf : public testing::TestWithParam<Framing> {};

TEST_P(FramingOf, IsJudgedAlikeInRequestsAndAnswers) {
    Head head;
    head.method = "POST";
    head.target = "/";
    head.version = GetParam().version;
    head.fields.add("Host", "h");
    for (const Field& line : GetParam().lines) {
        head.fields.add(line.name, line.value);
    }
    const auto of_request = check_request(head);
    const auto of_answer = check_answer(head);
    EXPECT_EQ(of_request, of_answer);
    EXPECT_EQ(of_request.has_value(), !GetParam().complaint.empty());
    EXPECT_TRUE(of_request.value_or("").starts_with(GetParam().complaint)) << *of_request;
}

INSTANTIATE_TEST_SUITE_P(
    Each, FramingOf,
    testing::Values(Framing{{}, 11, ""}, Framing{{{"Content-Length", "0"}}, 11, ""},
                    Framing{{{"content-length", "0010"}}, 10, ""},
                    Framing{{{"Content-Length", "1"}, {"content-length", "1"}}, 11, about_length},
                    Framing{{{"Content-Length", "1, 1"}}, 11, about_length},
                    Framing{{{"Content-Length", "1,"}}, 11, about_length},
                    Framing{{{"Content-Length", "+1"}}, 11, about_length},
                    Framing{{{"Content-Length", "1 1"}}, 11, about_length},
                    Framing{{{"Content-Length", ""}}, 11, about_length},
                    Framing{{{"Transfer-Encoding", "chunked"}}, 11, ""},
                    Framing{{{"transfer-encoding", "Chunked"}}, 11, ""},
                    Framing{{{"Transfer-Encoding", "chunked"}}, 10, about_coding},
                    Framing{{{"Transfer-Encoding", ""}}, 11, about_coding},
                    Framing{{{"Transfer-Encoding", "gzip"}}, 11, about_coding},
                    Framing{{{"Transfer-Encoding", "gzip, chunked"}}, 11, about_coding},
                    Framing{{{"Transfer-Encoding", "chunked, chunked"}}, 11, about_coding},
                    Framing{{{"Transfer-Encoding", "chunked;q=1"}}, 11, about_coding},
                    Framing{{{"Transfer-Encoding", "identity"}}, 11, about_coding},
                    Framing{{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
                            11,
                            about_coding},
                    Framing{{{"Transfer-Encoding", "gzip"}, {"Transfer-Encoding", "chunked"}},
                            11,
                            about_coding}));

TEST(CheckRequest, WantsOneHost) {
    EXPECT_EQ(complaint(request("GET", "/", fields_of({{"host", "a.example:80"}}))), "");
    EXPECT_EQ(complaint(request("GET", "/", fields_of({{"Host", "[::1]"}}))), "");
    EXPECT_EQ(complaint(request("GET", "/", fields_of({{"Host", ""}}))), "");
    EXPECT_EQ(complaint(request("GET", "/", {}, 10)), "");
    EXPECT_TRUE(complaint(request("GET", "/", {})).starts_with(about_host));
    for (const unsigned version : {10U, 11U}) {
        const Head twice = request("GET", "/", fields_of({{"Host", "a"}, {"hOST", "a"}}), version);
        EXPECT_TRUE(complaint(twice).starts_with(about_host)) << version;
    }
}

TEST(CheckRequest, WantsAHostThatIsOne) {
    for (const char* host :
         {"a b", "a\tb", "a,b", "a/b", "a?b", "a#b", "user@a", "a\\b", "http://a"}) {
        EXPECT_TRUE(complaint(request("GET", "/", fields_of({{"Host", host}})))
                        .starts_with(about_host_value))
            << host;
    }
}

TEST(CheckRequest, TakesAHostThatIsOneAndAnEmptyOne) {
    for (const char* host : {"", "a", "a:80", "a:", "[::1]", "[::1]:80", "192.0.2.1"}) {
        EXPECT_EQ(complaint(request("GET", "/", fields_of({{"Host", host}}))), "") << host;
    }
    for (const char* host : {"a\"<>\xff;&", "[::1", "a:b:c:99999", "a:65536", ":80"}) {
        EXPECT_TRUE(complaint(request("GET", "/", fields_of({{"Host", host}})))
                        .starts_with(about_host_value))
            << host;
    }
}

// What a list of options costs is paid for each field.
TEST(ConnectionOptions, AreBoundedInRequestsAndAnswers) {
    const auto listing = [](std::size_t in_first, std::size_t in_second) {
        std::string first;
        std::string second = ", ,";
        for (std::size_t i = 0; i < in_first; i++) {
            first += "x-" + std::to_string(i) + ",";
        }
        for (std::size_t i = 0; i < in_second; i++) {
            second += "y, ";
        }
        return with({{"Connection", first}, {"connection", second}}); // Copied.
    };
    EXPECT_EQ(check_request(listing(40, 24)), std::nullopt);
    EXPECT_EQ(check_answer(listing(64, 0)), std::nullopt);
    EXPECT_EQ(check_request(listing(40, 25)), "Connection lists more than 64 options.");
    EXPECT_EQ(check_answer(listing(0, 65)), "Connection lists more than 64 options.");
    EXPECT_EQ(check_answer(listing(0, 20'000)), "Connection lists more than 64 options.");
}

TEST(CheckRequest, RefusesTargetsThatAreForNoProcess) {
    const auto of = [](std::string_view method, std::string_view target) {
        return complaint(request(method, target, fields_of({{"Host", "h"}})));
    };
    EXPECT_EQ(of("OPTIONS", "*"), "");
    EXPECT_EQ(of("GET", "/*"), "");
    EXPECT_EQ(of("connect", "/"), "");
    EXPECT_TRUE(of("GET", "*").starts_with("The target *"));
    EXPECT_TRUE(of("options", "*").starts_with("The target *"));
    EXPECT_TRUE(of("CONNECT", "h:80").starts_with("CONNECT"));
    EXPECT_TRUE(of("CONNECT", "/").starts_with("CONNECT"));
    EXPECT_TRUE(of("GET", "/a#b").starts_with("A target has no fragment"));
}

TEST(CheckRequest, RefusesPassengersOwnMethodsInAnyCase) {
    for (const char* method : {"PING", "ping", "OOBW", "Oobw"}) {
        EXPECT_TRUE(complaint(request(method, "/", fields_of({{"Host", "h"}})))
                        .starts_with("The methods PING and OOBW"))
            << method;
    }
    EXPECT_EQ(complaint(request("PINGS", "/", fields_of({{"Host", "h"}}))), "");
}

TEST(AsksForUpgrade, NeedsBothHeadersHttp11AndNoBody) {
    const Field connection{"Connection", "keep-alive, Upgrade"};
    const Field upgrade{"Upgrade", "websocket"};
    EXPECT_TRUE(asks_for_upgrade(with({connection, upgrade})));
    EXPECT_TRUE(asks_for_upgrade(with({connection, upgrade, {"Content-Length", "0"}})));
    EXPECT_FALSE(asks_for_upgrade(with({connection, upgrade, upgrade})));
    EXPECT_FALSE(asks_for_upgrade(with({connection, {"Upgrade", ""}})));
    EXPECT_FALSE(
        asks_for_upgrade(request("HEAD", "/", fields_of({{"Host", "h"}, connection, upgrade}))));
    EXPECT_FALSE(asks_for_upgrade(with({connection, upgrade}, 10)));
    EXPECT_FALSE(asks_for_upgrade(with({connection})));
    EXPECT_FALSE(asks_for_upgrade(with({upgrade})));
    EXPECT_FALSE(asks_for_upgrade(with({{"Connection", "upgraded"}, upgrade})));
    EXPECT_FALSE(asks_for_upgrade(with({connection, upgrade, {"Content-Length", "1"}})));
    EXPECT_FALSE(asks_for_upgrade(with({connection, upgrade, {"Transfer-Encoding", "chunked"}})));
}

} // namespace
} // namespace gangway::message
