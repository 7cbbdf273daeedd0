#include "message/authority.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/http_generators.hpp"

namespace gangway::message {
namespace {

struct AuthorityCase {
    std::string_view text;
    std::string_view name;
    std::string_view port;
};

class AuthorityOf : public testing::TestWithParam<AuthorityCase> {};

TEST_P(AuthorityOf, IsTakenApart) {
    const auto authority = parse_authority(GetParam().text);
    ASSERT_TRUE(authority.has_value());
    EXPECT_EQ(authority->name, GetParam().name);
    EXPECT_EQ(authority->port, GetParam().port);
}

INSTANTIATE_TEST_SUITE_P(
    Each, AuthorityOf,
    testing::Values(AuthorityCase{"shop.example", "shop.example", ""},
                    AuthorityCase{"a:80", "a", "80"}, AuthorityCase{"name:", "name", ""},
                    AuthorityCase{"192.0.2.1:8080", "192.0.2.1", "8080"},
                    AuthorityCase{"[::1]", "[::1]", ""}, AuthorityCase{"[::1]:80", "[::1]", "80"},
                    AuthorityCase{"[::1]:", "[::1]", ""},
                    AuthorityCase{"[2001:DB8::192.0.2.1]:1", "[2001:DB8::192.0.2.1]", "1"},
                    AuthorityCase{"[v1.a:b]", "[v1.a:b]", ""}, AuthorityCase{"a:0", "a", "0"},
                    AuthorityCase{"a:65535", "a", "65535"}, AuthorityCase{"a:00080", "a", "00080"},
                    AuthorityCase{"under_score-1.x~y", "under_score-1.x~y", ""},
                    AuthorityCase{"%E4%b8%ad", "%E4%b8%ad", ""},
                    AuthorityCase{"a!$&'()*+;=b", "a!$&'()*+;=b", ""}));

TEST(Authority, IsNothingElse) {
    for (const std::string_view text :
         {"",           ":",       ":80",     "a\"<>\xff;&",  "[::1",       "a:b:c:99999",
          "\"<script>", "a:65536", "a:99999", "a:000080",     "a:-1",       "a:+1",
          "a:8a",       "a:80:80", "::1",     "[::1]x",       "[::1]80",    "[]",
          "[]:80",      "[:::]",   "[1]",     "[::1%25eth0]", "[::1%eth0]", "[v.a]",
          "[vg.a]",     "[v1.]",   "[::g]",   "a]",           "[[::1]]",    "user@a",
          "a,b",        "a b",     " a",      "a ",           "a\tb",       "a/b",
          "a?b",        "a#b",     "a\\b",    "a<b",          "a|b",        "a^b",
          "a`b",        "a{b}",    "%",       "%4",           "%4g",        "a\xc3\xa4",
          "a\x7f"}) {
        EXPECT_FALSE(parse_authority(text).has_value()) << text;
    }
    EXPECT_FALSE(parse_authority(std::string_view("[::1\0]", 6)).has_value());
    EXPECT_FALSE(parse_authority(std::string_view("a\0b", 3)).has_value());
}

RC_GTEST_PROP(AuthorityProperties, AreMadeOfTheirNameAndTheirPort, ()) {
    const std::string text = *rc::gen::container<std::string>(
        rc::gen::oneOf(random::byte(), rc::gen::elementOf(std::string("ab.0189:[]:%4f"))));
    const auto authority = parse_authority(text);
    if (!authority) {
        return;
    }
    std::string again(authority->name);
    if (again.size() < text.size()) {
        again += ":";
        again += authority->port;
    }
    RC_ASSERT(again == text);
    RC_ASSERT(!authority->name.empty());
    RC_ASSERT(authority->port.find_first_not_of("0123456789") == std::string_view::npos);
    RC_ASSERT(authority->name.find_first_of("\"<>\\@,/ \r\n") == std::string_view::npos);
}

RC_GTEST_PROP(AuthorityProperties, KnowEveryAddressAndPort, ()) {
    const auto group = [] {
        const auto number = *rc::gen::arbitrary<std::uint16_t>();
        std::string hex;
        for (const unsigned shift : {12U, 8U, 4U, 0U}) {
            hex += "0123456789abcdef"[(number >> shift) & 0xFU];
        }
        return hex;
    };
    std::string address = "[" + group();
    for (int i = 0; i < 7; i++) {
        address += ":" + group();
    }
    address += "]";
    const std::string port = std::to_string(*rc::gen::arbitrary<std::uint16_t>());
    const std::string text = address + ":" + port;
    const auto authority = parse_authority(text);
    RC_ASSERT(authority.has_value());
    RC_ASSERT(authority->name == address);
    RC_ASSERT(authority->port == port);
}

} // namespace
} // namespace gangway::message
