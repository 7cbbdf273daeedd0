#include "admin/parameters.hpp"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(PercentDecoding, TakesEveryByteAndRefusesBrokenEscapes) {
    EXPECT_EQ(percent_decode("%2Fa%c3%A4%00b", false), std::string("/a\xc3\xa4\0b", 6));
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("a+b", false), "a+b");
    for (const char* text : {"%", "%1", "a%zz", "%2"}) {
        EXPECT_FALSE(percent_decode(text, false).has_value()) << text;
    }
}

TEST(Query, KeepsOrderAndDecodesNamesAndValues) {
    const auto pairs = parse_query("b=2&a=%3D1&&c&d=", 10);
    ASSERT_TRUE(pairs.has_value());
    const Pairs expected{{"b", "2"}, {"a", "=1"}, {"c", ""}, {"d", ""}};
    EXPECT_EQ(*pairs, expected);
    EXPECT_EQ(parse_query("a=1&b=2&c=%", 2)->size(), 2U);
    EXPECT_FALSE(parse_query("a=%", 10).has_value());
}

// ---------------------------------------------------------------- what an endpoint has

std::vector<std::string_view> colours() {
    return {"red", "green", "blue"};
}

constexpr Parameter all[] = {
    {"name", ParameterType::text, "a name"},
    {.name = "colour", .type = ParameterType::words, .help = "its colours", .words = colours},
    {"loud", ParameterType::flag, "whether it is loud"},
    {.name = "secret", .type = ParameterType::flag, .help = "the rest, too", .need = Need::acts},
    {"minimum", ParameterType::count, "how many"},
    {"timeout", ParameterType::seconds, "how long"},
    {"value", ParameterType::json, "what"},
};
constexpr Parameter needed[] = {
    {.name = "group", .type = ParameterType::text, .help = "which one", .is_required = true}};

Problem problem_of(std::string_view query, std::span<const Parameter> parameters = all,
                   bool may_act = true) {
    const auto arguments = parse_arguments(query, parameters, may_act);
    return arguments ? Problem{Code::internal_error, "(none)"} : arguments.error();
}

TEST(Arguments, AreWhatCame) {
    const auto arguments = parse_arguments(
        "name=a+b&colour=red,blue&loud=true&minimum=7&timeout=2.5&value=%7B%7D", all, false);
    ASSERT_TRUE(arguments.has_value()) << arguments.error().detail;
    EXPECT_EQ(arguments->find("name"), "a b");
    EXPECT_THAT(arguments->words("colour"), ElementsAre("red", "blue"));
    EXPECT_TRUE(arguments->flag("loud"));
    EXPECT_EQ(arguments->count("minimum", 1), 7U);
    EXPECT_EQ(arguments->find("timeout"), "2.5");
    EXPECT_EQ(arguments->find("value"), "{}");
}

// Who asks chooses how often he says each; each row of a listing is compared with them.
TEST(Arguments, HaveEachWordOnce) {
    std::string query = "colour=red";
    for (int i = 0; i < 10'000; i++) {
        query += ",blue,red";
    }
    const auto arguments = parse_arguments(query, all, false);
    ASSERT_TRUE(arguments.has_value());
    EXPECT_THAT(arguments->words("colour"), ElementsAre("red", "blue"));
}

TEST(Arguments, HaveNothingWhereNothingCame) {
    const auto arguments = parse_arguments("", all, true);
    ASSERT_TRUE(arguments.has_value());
    EXPECT_EQ(arguments->find("name"), std::nullopt);
    EXPECT_THAT(arguments->words("colour"), ElementsAre());
    EXPECT_FALSE(arguments->flag("loud"));
    EXPECT_EQ(arguments->count("minimum", 3), 3U);
}

TEST(Arguments, AreOfTheirType) {
    const std::pair<const char*, const char*> table[] = {
        {"colour=", "'colour' has '', which is none of red, green, blue"},
        {"colour=red,", "'colour' has ''"},
        {"colour=red,gren",
         "'colour' has 'gren', which is none of red, green, blue; did you mean 'green'?"},
        {"loud=yes", "'loud' must be true or false."},
        {"loud", "'loud' must be true or false."},
        {"minimum=0", "'minimum' must be a whole number above 0."},
        {"minimum=-1", "'minimum' must be "},
        {"minimum=1.5", "'minimum' must be "},
        {"minimum=4294967296", "'minimum' must be "},
        {"minimum=7%20", "'minimum' must be "},
        {"timeout=", "'timeout' must be a number of seconds."},
        {"timeout=soon", "'timeout' must be "},
        {"timeout=inf", "'timeout' must be "},
        {"timeout=nan", "'timeout' must be "},
        {"timeout=1s", "'timeout' must be "},
    };
    for (const auto& [query, begin] : table) {
        const Problem problem = problem_of(query);
        EXPECT_EQ(problem.code, Code::bad_parameter) << query;
        EXPECT_TRUE(problem.detail.starts_with(begin)) << problem.detail;
    }
}

TEST(Arguments, AreKnownAndGivenOnce) {
    EXPECT_EQ(
        problem_of("nmae=x").detail,
        "'nmae' is not a parameter of this endpoint; did you mean 'name'? There are name, colour, "
        "loud, secret, minimum, timeout, value.");
    EXPECT_EQ(problem_of("x=1", {}).detail,
              "'x' is not a parameter of this endpoint. It has none.");
    EXPECT_EQ(problem_of("name=a&loud=true&name=a").detail, "'name' is given twice.");
    EXPECT_EQ(problem_of("name=%zz").detail, "The query is not percent-encoded correctly.");
    for (const char* query : {"Name=x", "=", "name=x&x", "name%00=x"}) {
        EXPECT_EQ(problem_of(query).code, Code::bad_parameter) << query;
    }
}

TEST(Arguments, AreThereWhereTheyMustBe) {
    EXPECT_EQ(problem_of("", needed).detail, "'group' must be given: which one.");
    EXPECT_TRUE(parse_arguments("group=", needed, true).has_value()) << "which may be a name";
}

TEST(Arguments, OfWhoMayNotActSetNoFlagThatNeedsIt) {
    const Problem problem = problem_of("secret=true", all, false);
    EXPECT_EQ(problem.code, Code::forbidden);
    EXPECT_THAT(problem.detail, HasSubstr("'secret'"));
    EXPECT_TRUE(parse_arguments("secret=false", all, false).has_value());
    EXPECT_TRUE(parse_arguments("secret=true", all, true).has_value());
    EXPECT_EQ(problem_of("secret=maybe", all, false).code, Code::bad_parameter);
}

} // namespace
} // namespace gangway::admin
