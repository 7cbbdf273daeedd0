#include "text/json_reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway {
namespace {

bool reads(std::string_view text, JsonRules rules) {
    return read_json(text, rules).has_value();
}

TEST(JsonReader, TakesAnObjectOrAnArrayByAllRules) {
    for (const JsonRules rules : {JsonRules::strict, JsonRules::any_document, JsonRules::lenient}) {
        EXPECT_TRUE(reads(R"({"a": [1, "b", null]})", rules));
        EXPECT_TRUE(reads("[]", rules));
        EXPECT_FALSE(reads("", rules));
        EXPECT_FALSE(reads("{", rules));
    }
}

TEST(JsonReader, TakesNoNameTwiceByStrictRules) {
    EXPECT_FALSE(reads(R"({"a": 1, "a": 2})", JsonRules::strict));
    const auto document = read_json(R"({"a": 1, "a": 2})", JsonRules::any_document);
    ASSERT_TRUE(document);
    EXPECT_EQ((*document)["a"].asInt(), 2);
}

TEST(JsonReader, TakesAMereNumberUnlessItIsStrict) {
    EXPECT_FALSE(reads("1", JsonRules::strict));
    EXPECT_TRUE(reads("1", JsonRules::any_document));
}

TEST(JsonReader, TakesCommentsOnlyWhereItIsLenient) {
    constexpr std::string_view commented = "// why\n{}";
    EXPECT_FALSE(reads(commented, JsonRules::strict));
    EXPECT_FALSE(reads(commented, JsonRules::any_document));
    EXPECT_TRUE(reads(commented, JsonRules::lenient));
}

TEST(JsonReader, DoesNotThrowForWhatIsNestedTooDeeply) {
    const std::string deep(5000, '[');
    std::string faults;
    EXPECT_FALSE(read_json(deep, JsonRules::strict, &faults));
    EXPECT_FALSE(faults.empty());
    EXPECT_FALSE(read_json(deep, JsonRules::lenient));
}

TEST(JsonReader, SaysWhatIsWrong) {
    std::string faults;
    EXPECT_FALSE(read_json("{x}", JsonRules::strict, &faults));
    EXPECT_NE(faults.find("Line 1"), std::string::npos) << faults;
}

TEST(JsonReader, ReadsOneTextAfterAnother) {
    const auto reader = make_json_reader(JsonRules::strict);
    EXPECT_FALSE(read_json(*reader, "{"));
    const auto document = read_json(*reader, R"({"a": 1})");
    ASSERT_TRUE(document);
    EXPECT_EQ((*document)["a"].asInt(), 1);
}

} // namespace
} // namespace gangway
