#include "message/fields.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/message_parts.hpp"

namespace gangway::message {
namespace {

TEST(SameToken, ComparesAsciiLettersInAnyCase) {
    EXPECT_TRUE(same_token("", ""));
    EXPECT_TRUE(same_token("Content-Length", "cONTENT-lENGTH"));
    EXPECT_TRUE(same_token("az", "AZ"));
    EXPECT_FALSE(same_token("a", ""));
    EXPECT_FALSE(same_token("ab", "ac"));
    EXPECT_FALSE(same_token("@", "`"));
    EXPECT_FALSE(same_token("[", "{"));
    EXPECT_FALSE(same_token("-", "\r"));
    EXPECT_FALSE(same_token("\xc4", "\xe4"));
}

TEST(EachToken, GivesTheElementsOfAList) {
    const auto tokens = [](std::string_view list) {
        std::string result;
        each_token(list, [&](std::string_view token) { result += std::string(token) + "|"; });
        return result;
    };
    EXPECT_EQ(tokens(""), "");
    EXPECT_EQ(tokens("a"), "a|");
    EXPECT_EQ(tokens(" a\t, b c ,\t"), "a|b c|");
    EXPECT_EQ(tokens(",,a,, ,b,"), "a|b|");
    EXPECT_EQ(tokens("a;q=1, b ; x=y,;c,d"), "a|b|d|");
    EXPECT_EQ(tokens(std::string_view("a\0b,c", 5)), std::string("a\0b|c|", 6));
}

TEST(Fields, KeepOrderDuplicatesAndTheCaseOfNames) {
    Fields fields = fields_of({{"X-A", "1"}, {"b", ""}, {"x-a", "2"}, {"X-A", "1"}});
    EXPECT_EQ(print(fields), "X-A:1;b:;x-a:2;X-A:1;");
    EXPECT_EQ(fields.size(), 4U);
    EXPECT_EQ(fields[2].name, "x-a");
    EXPECT_EQ(fields[2].value, "2");
}

TEST(Fields, AreFoundByNameInAnyCase) {
    const Fields fields = fields_of({{"X-A", "1"}, {"x-a", "2"}, {"X-AB", "3"}, {"X-Empty", ""}});
    EXPECT_EQ(fields.find("x-A"), "1");
    EXPECT_EQ(fields.find("X-Empty"), "");
    EXPECT_FALSE(fields.find("X").has_value());
    EXPECT_EQ(fields.count("X-A"), 2U);
    EXPECT_EQ(fields.count("x-ab"), 1U);
    EXPECT_EQ(fields.count("Y"), 0U);
}

TEST(Fields, ListATokenInAnyFieldOfTheName) {
    const Fields fields =
        fields_of({{"Connection", "close"}, {"X", "trailers"}, {"connection", "X-A , upgrade;q"}});
    EXPECT_TRUE(fields.lists("Connection", "Close"));
    EXPECT_TRUE(fields.lists("Connection", "Upgrade"));
    EXPECT_TRUE(fields.lists("CONNECTION", "x-a"));
    EXPECT_FALSE(fields.lists("Connection", "trailers"));
    EXPECT_FALSE(fields.lists("Connection", "up"));
    EXPECT_FALSE(fields.lists("Connection", "q"));
}

TEST(Fields, AreEmptyAgainOnceTheyWereCleared) {
    Fields fields;
    for (int i = 0; i < 1000; i++) {
        fields.add("X-Name-" + std::to_string(i), std::string(100, 'v'));
    }
    EXPECT_EQ(fields[999].name, "X-Name-999");
    fields.clear();
    EXPECT_EQ(fields.size(), 0U);
    EXPECT_FALSE(fields.find("X-Name-0").has_value());
    fields.add("X-A", "1");
    EXPECT_EQ(print(fields), "X-A:1;");
}

} // namespace
} // namespace gangway::message
