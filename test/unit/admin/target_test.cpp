#include "admin/target.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

struct TargetCase {
    std::string target;
    Kind kind;
    std::string path;
    std::string process;
    std::string query;
    std::string forwarded;
    std::string authority{};
};

class TargetOf : public testing::TestWithParam<TargetCase> {};

TEST_P(TargetOf, IsUnderstood) {
    const auto target = parse_target(GetParam().target);
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->kind, GetParam().kind);
    EXPECT_EQ(target->path, GetParam().path);
    EXPECT_EQ(target->process, GetParam().process);
    EXPECT_EQ(target->query, GetParam().query);
    EXPECT_EQ(target->forwarded, GetParam().forwarded);
    EXPECT_EQ(target->authority, GetParam().authority);
}

INSTANTIATE_TEST_SUITE_P(
    Each, TargetOf,
    testing::Values(
        TargetCase{"/v1/pool", Kind::api, "/v1/pool", "", "", ""},
        TargetCase{"/v1/pool?x=1", Kind::api, "/v1/pool", "", "x=1", ""},
        TargetCase{"/v1/groups/%2Fsrv%2Fapp", Kind::api, "/v1/groups/%2Fsrv%2Fapp", "", "", ""},
        TargetCase{"/v1/processes/12", Kind::api, "/v1/processes/12", "", "", ""},
        TargetCase{"/v1/processes//request", Kind::api, "/v1/processes//request", "", "", ""},
        TargetCase{"/v1/processes/12/restart", Kind::api, "/v1/processes/12/restart", "", "", ""},
        TargetCase{"/v1", Kind::api, "/v1", "", "", ""},
        TargetCase{"/v1/", Kind::api, "/v1/", "", "", ""},
        TargetCase{"/v1/processes/12/request", Kind::forward, "/v1/processes/12/request", "12", "",
                   "/"},
        TargetCase{"/v1/processes/12/request/", Kind::forward, "/v1/processes/12/request/", "12",
                   "", "/"},
        TargetCase{"/v1/processes/12/request?a=1", Kind::forward, "/v1/processes/12/request", "12",
                   "a=1", "/?a=1"},
        TargetCase{"/v1/processes/12/request/a//b/../%2e?q=%20&r", Kind::forward,
                   "/v1/processes/12/request/a//b/../%2e", "12", "q=%20&r", "/a//b/../%2e?q=%20&r"},
        TargetCase{"/v1/processes/12/request/a?", Kind::forward, "/v1/processes/12/request/a", "12",
                   "", "/a?"},
        TargetCase{"/v2/pool", Kind::outside, "/v2/pool", "", "", "/v2/pool"},
        TargetCase{"http://host:80/v1/pool?x", Kind::api, "/v1/pool", "", "x", "", "host:80"},
        TargetCase{"HTTP://host", Kind::outside, "/", "", "", "/", "host"},
        TargetCase{"https://[::1]:81/a/../b?http://c", Kind::outside, "/a/../b", "", "http://c",
                   "/a/../b?http://c", "[::1]:81"},
        TargetCase{"http://host?x=/y", Kind::outside, "", "", "", "/?x=/y", "host"},
        TargetCase{"https://host/v1/processes/1/request/a?b", Kind::forward,
                   "/v1/processes/1/request/a", "1", "b", "/a?b", "host"},
        TargetCase{"*", Kind::outside, "", "", "", "*"},
        TargetCase{"/", Kind::outside, "/", "", "", "/"},
        TargetCase{"/v1x?y", Kind::outside, "/v1x", "", "y", "/v1x?y"}));

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

} // namespace
} // namespace gangway::admin
