#include "check/json.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::check {
namespace {

using namespace std::string_literals;

Json::Value parsed(std::string_view text) {
    const auto value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value.value_or(Json::Value());
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonText, MayBeAnyValue) {
    for (const std::string& text :
         {"{}"s, "[]"s, "null"s, "true"s, "0"s, "-1.5e3"s, R"("text")"s, " [1]\r\n"s, nested(64),
          R"("[[,{")"s, R"(["\"",{"[":"\\"}])"s}) {
        EXPECT_TRUE(parse_json(text)) << text;
    }
}

TEST(JsonText, IsNothingElse) {
    for (const std::string& text :
         {""s, " "s, "OK"s, "{"s, "[1,]"s, "{'a':1}"s, "{a:1}"s, "[1] [2]"s, "{}x"s, "[1] // one"s,
          "NaN"s, "[Infinity]"s, "\"text"s, nested(65), nested(2000)}) {
        EXPECT_FALSE(parse_json(text)) << text;
    }
}

// To read it takes time for each value, and everybody waits.
TEST(JsonText, HasAtMostTwoThousandValues) {
    const auto with = [](const std::string& value, std::size_t count) {
        std::string text = "[" + value;
        for (std::size_t i = 2; i < count; i++) { // The array itself is one.
            text += "," + value;
        }
        return text + "]";
    };
    EXPECT_TRUE(parse_json(with("0", 2000)));
    EXPECT_FALSE(parse_json(with("0", 2001)));
    EXPECT_TRUE(parse_json(with(R"(",,,,[[[[\",")", 2000)));
    EXPECT_TRUE(parse_json(with(R"("\\")", 2000)));
    EXPECT_FALSE(parse_json(with(R"("\\")", 2001)));
    EXPECT_FALSE(parse_json(with("[]", 1500)));
    EXPECT_FALSE(parse_json(with(R"({"a":1})", 1500)));
    EXPECT_TRUE(parse_json(with(R"({"a":1})", 1000)));
}

TEST(JsonText, CountsTheLastOfTwoMembersWithOneName) {
    EXPECT_EQ(parsed(R"({"a":1,"a":2})")["a"].asInt(), 2);
}

// That of RFC 6901, section 5, and more.
constexpr std::string_view document = R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,
    "i\\j":5,"k\"l":6," ":7,"m~n":8,"~1":9,"01":10,"-":11,"x\u0000y":12,"list":[[13,14]],
    "null":null,"/":{"":{"":15}}})";

struct PointerCase {
    std::string pointer;
    std::string value;
};

const std::vector<PointerCase> pointers{
    {"/foo", R"(["bar","baz"])"},
    {"/foo/0", R"("bar")"},
    {"/", "0"},
    {"/a~1b", "1"},
    {"/c%d", "2"},
    {"/e^f", "3"},
    {"/g|h", "4"},
    {"/i\\j", "5"},
    {"/k\"l", "6"},
    {"/ ", "7"},
    {"/m~0n", "8"},
    // Not of the RFC.
    {"/foo/1", R"("baz")"},
    {"/~01", "9"},
    {"/01", "10"},
    {"/-", "11"},
    {"/x\0y"s, "12"},
    {"/list/0/1", "14"},
    {"/null", "null"},
    {"/~1//", "15"},
};

TEST(JsonPointer, LeadsWhereTheStandardSays) {
    const Json::Value root = parsed(document);
    for (const auto& [text, value] : pointers) {
        SCOPED_TRACE(text);
        const auto pointer = parse_json_pointer(text);
        ASSERT_TRUE(pointer);
        EXPECT_EQ(pointer->text, text);
        const Json::Value* found = find(root, *pointer);
        ASSERT_TRUE(found);
        EXPECT_EQ(print(*found), value);
    }
}

TEST(JsonPointer, LeadsToTheWholeDocumentWhenItIsEmpty) {
    const Json::Value root = parsed("[1]");
    EXPECT_EQ(find(root, *parse_json_pointer("")), &root);
}

TEST(JsonPointer, LeadsNowhereWithoutSuchAMemberOrElement) {
    const Json::Value root = parsed(document);
    for (const char* text : {"/Foo", "/x", "//", "/null/a", "/foo/", "/foo/2", "/foo/-", "/foo/00",
                             "/foo/01", "/foo/+1", "/foo/-1", "/foo/1x", "/foo/ 1", "/foo/0/0",
                             "/foo/4294967295", "/foo/4294967296", "/foo/18446744073709551616"}) {
        const auto pointer = parse_json_pointer(text);
        ASSERT_TRUE(pointer) << text;
        EXPECT_FALSE(find(root, *pointer)) << text;
    }
}

TEST(JsonPointer, MustBeginWithASlash) {
    for (const char* text : {"status", " /status", "#/status", ".", "~1", "~01/"}) {
        const auto pointer = parse_json_pointer(text);
        ASSERT_FALSE(pointer) << text;
        EXPECT_EQ(pointer.error().text, R"(must be a JSON pointer: empty, or beginning with "/")");
    }
}

TEST(JsonPointer, HasNoMoreStepsThanADocumentHasDepth) {
    std::string pointer;
    for (unsigned i = 0; i < 64; i++) {
        pointer += "/0";
    }
    EXPECT_TRUE(parse_json_pointer(pointer));
    EXPECT_FALSE(parse_json_pointer(pointer + "/"));
}

TEST(JsonPointer, MustEscapeATilde) {
    for (const char* text : {"/~", "/a~", "/~2", "/a~/b", "/~~0", "/ok/~a"}) {
        const auto pointer = parse_json_pointer(text);
        ASSERT_FALSE(pointer) << text;
        EXPECT_EQ(pointer.error().text,
                  R"(must be a JSON pointer, in which "~" is written "~0" and the "/" of a name )"
                  R"("~1")");
    }
}

struct Pair {
    const char* a;
    const char* b;
};

void expect_equality(const std::vector<Pair>& pairs, bool expected) {
    for (const auto& [a, b] : pairs) {
        EXPECT_EQ(equal(parsed(a), parsed(b)), expected) << a << " and " << b;
        EXPECT_EQ(equal(parsed(b), parsed(a)), expected) << b << " and " << a;
    }
}

TEST(JsonEquality, IsThatOfNumbersHoweverTheyAreWritten) {
    expect_equality({{"1", "1.0"},
                     {"100", "1e2"},
                     {"0", "-0.0"},
                     {"-3", "-3.0"},
                     {"0.1", "0.10"},
                     {"18446744073709551615", "18446744073709551615"},
                     {"9223372036854775808", "9223372036854775808.0"}},
                    true);
    expect_equality({{"1", "1.5"},
                     {"1", "2"},
                     {"-1", "18446744073709551615"},
                     {"18446744073709551615", "18446744073709551614"},
                     {"9007199254740993", "9007199254740992"},
                     {"-9007199254740993", "-9007199254740992"},
                     {"9007199254740993", "9007199254740992.0"}},
                    false);
}

TEST(JsonEquality, IsOfTypeAndValue) {
    expect_equality({{"null", "null"}, {"true", "true"}, {R"("\u0061")", R"("a")"}}, true);
    expect_equality({{"true", "false"},
                     {"true", "1"},
                     {"false", "0"},
                     {"null", "0"},
                     {"null", "false"},
                     {"\"1\"", "1"},
                     {"\"a\"", "\"A\""},
                     {R"("a\u0000b")", R"("a\u0000c")"},
                     {"[]", "{}"},
                     {"[]", "null"}},
                    false);
}

TEST(JsonEquality, GoesThroughArraysInOrderAndObjectsInAny) {
    expect_equality(
        {{"[1,2]", "[1.0,2]"}, {R"({"a":1,"b":[{"c":2}]})", R"({"b":[{"c":2.0}],"a":1})"}}, true);
    expect_equality({{"[1,2]", "[2,1]"},
                     {"[1]", "[1,1]"},
                     {R"({"a":1,"b":[{"c":2}]})", R"({"b":[{"c":3}],"a":1})"},
                     {R"({"a":1})", R"({"a":1,"b":null})"},
                     {R"({"a":null})", R"({"b":null})"}},
                    false);
}

} // namespace
} // namespace gangway::check
