#include "admin/target.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

struct Case {
    std::string target;
    Endpoint endpoint;
    std::string subject;
    std::string query;
    std::string forwarded;
    std::string authority{};
};

class TargetOf : public testing::TestWithParam<Case> {};

TEST_P(TargetOf, IsUnderstood) {
    const auto target = parse_target(GetParam().target);
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->endpoint, GetParam().endpoint);
    EXPECT_EQ(target->subject, GetParam().subject);
    EXPECT_EQ(target->query, GetParam().query);
    EXPECT_EQ(target->forwarded, GetParam().forwarded);
    EXPECT_EQ(target->authority, GetParam().authority);
}

INSTANTIATE_TEST_SUITE_P(
    Each, TargetOf,
    testing::Values(
        Case{"/v1/pool", Endpoint::pool, "", "", ""},
        Case{"/v1/pool?x=1", Endpoint::pool, "", "x=1", ""},
        Case{"/v1/pool/", Endpoint::unknown, "", "", ""},
        Case{"/v1/groups", Endpoint::groups, "", "", ""},
        Case{"/v1/groups/%2Fsrv%2Fapp", Endpoint::group, "%2Fsrv%2Fapp", "", ""},
        Case{"/v1/groups/a/b", Endpoint::unknown, "", "", ""},
        Case{"/v1/processes?state=enabled", Endpoint::processes, "", "state=enabled", ""},
        Case{"/v1/processes/12", Endpoint::process, "12", "", ""},
        Case{"/v1/processes/", Endpoint::unknown, "", "", ""},
        Case{"/v1/processes/12/request", Endpoint::forward, "12", "", "/"},
        Case{"/v1/processes/12/request/", Endpoint::forward, "12", "", "/"},
        Case{"/v1/processes/12/request?a=1", Endpoint::forward, "12", "a=1", "/?a=1"},
        Case{"/v1/processes/12/request/a//b/../%2e?q=%20&r", Endpoint::forward, "12", "q=%20&r",
             "/a//b/../%2e?q=%20&r"},
        Case{"/v1/processes/12/request/a?", Endpoint::forward, "12", "", "/a?"},
        Case{"/v1/processes/12/restart", Endpoint::unknown, "", "", ""},
        Case{"/v1", Endpoint::unknown, "", "", ""}, Case{"/v1/", Endpoint::unknown, "", "", ""},
        Case{"/v2/pool", Endpoint::outside, "", "", "/v2/pool"},
        Case{"http://host:80/v1/pool?x", Endpoint::pool, "", "x", "", "host:80"},
        Case{"HTTP://host", Endpoint::outside, "", "", "/", "host"},
        Case{"https://[::1]:81/a/../b?http://c", Endpoint::outside, "", "http://c",
             "/a/../b?http://c", "[::1]:81"},
        Case{"http://host?x=/y", Endpoint::outside, "", "", "/?x=/y", "host"},
        Case{"https://host/v1/processes/1/request/a?b", Endpoint::forward, "1", "b", "/a?b",
             "host"},
        Case{"*", Endpoint::outside, "", "", "*"}, Case{"/", Endpoint::outside, "", "", "/"},
        Case{"/v1x?y", Endpoint::outside, "", "y", "/v1x?y"}));

TEST(Target, MustBeInOriginFormOrAbsoluteForm) {
    EXPECT_FALSE(parse_target("").has_value());
    EXPECT_FALSE(parse_target("host:80").has_value());
    EXPECT_FALSE(parse_target("ftp://host/").has_value());
    EXPECT_FALSE(parse_target("http:///path").has_value());
    EXPECT_FALSE(parse_target("http://").has_value());
}

TEST(Target, NamesNoUserAndOneHost) {
    for (const char* target :
         {"http://user@host/", "http://user:word@host/", "http://@host", "http://a,b/",
          "http://a\\b/", "http://host@?x", "http://\"<script>/", "http://[::1/",
          "http://a:b:c:99999/", "http://:80/", "http://a:65536/"}) {
        EXPECT_FALSE(parse_target(target).has_value()) << target;
    }
    EXPECT_TRUE(parse_target("http://host/user@x").has_value());
}

TEST(ProcessId, IsAPidWhenAllAreDigits) {
    const auto id = parse_process_id("4194304");
    ASSERT_TRUE(id.has_value());
    EXPECT_EQ(id->pid, 4194304);
    EXPECT_EQ(id->gupid.size, 0U);
}

TEST(ProcessId, IsAGupidOtherwise) {
    const auto id = parse_process_id("1c898ef-M0CKuPrgcc");
    ASSERT_TRUE(id.has_value());
    EXPECT_EQ(std::string(id->gupid.data, id->gupid.size), "1c898ef-M0CKuPrgcc");
}

TEST(ProcessId, CannotBeAnythingElse) {
    for (const char* text : {"", "0", "99999999999", "-1x_", "a b", "a%20", "../x", "1.5"}) {
        EXPECT_FALSE(parse_process_id(text).has_value()) << text;
    }
}

TEST(PercentDecoding, TakesEveryByteAndRefusesBrokenEscapes) {
    EXPECT_EQ(percent_decode("%2Fa%c3%A4%00b", false), std::string("/a\xc3\xa4\0b", 6));
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("a+b", false), "a+b");
    for (const char* text : {"%", "%1", "a%zz", "%2"}) {
        EXPECT_FALSE(percent_decode(text, false).has_value()) << text;
    }
}

TEST(Query, KeepsOrderAndDecodesNamesAndValues) {
    const auto parameters = parse_query("b=2&a=%3D1&&c&d=");
    ASSERT_TRUE(parameters.has_value());
    const Parameters expected{{"b", "2"}, {"a", "=1"}, {"c", ""}, {"d", ""}};
    EXPECT_EQ(*parameters, expected);
    EXPECT_FALSE(parse_query("a=%").has_value());
}

} // namespace
} // namespace gangway::admin
