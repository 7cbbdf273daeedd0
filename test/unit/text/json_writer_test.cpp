#include "text/json_writer.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <json/json.h>

namespace gangway {
namespace {

Json::Value parsed(const std::string& text) {
    Json::Value value;
    std::string errors;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors;
    return value;
}

std::string written(std::string_view string) {
    JsonWriter json;
    json.begin_array();
    json.string(string);
    json.end_array();
    return json.take();
}

TEST(JsonWriter, SeparatesMembersAndElements) {
    JsonWriter json;
    json.begin_object();
    json.member("a", 1);
    json.key("b");
    json.begin_array();
    json.begin_object();
    json.end_object();
    json.null();
    json.boolean(true);
    json.number(-5);
    json.end_array();
    json.member("c", std::string_view("x"));
    json.end_object();
    EXPECT_EQ(json.take(), R"({"a":1,"b":[{},null,true,-5],"c":"x"})");
}

TEST(JsonWriter, QuotesWhatMustBeQuoted) {
    EXPECT_EQ(parsed(written("a\"b\\c\n\t\x01"))[0].asString(), "a\"b\\c\n\t\x01");
    EXPECT_EQ(parsed(written("gr\xc3\xbc\xc3\x9f"))[0].asString(), "gr\xc3\xbc\xc3\x9f");
}

TEST(JsonWriter, WritesValidJsonForAnyByte) {
    for (int byte = 1; byte < 256; byte++) {
        const std::string text = std::string("a") + static_cast<char>(byte) + "\"";
        EXPECT_EQ(parsed(written(text)).size(), 1U) << byte;
    }
}

TEST(JsonWriter, WritesNullForATextThatIsEmpty) {
    JsonWriter json;
    json.begin_array();
    string_or_null(json, "");
    string_or_null(json, "a");
    json.begin_object();
    string_or_null(json, "none", "");
    string_or_null(json, "one", "a");
    json.end_object();
    json.end_array();
    EXPECT_EQ(json.take(), R"([null,"a",{"none":null,"one":"a"}])");
}

TEST(JsonWriter, WritesTimesAsRfc3339InUtcWithMicroseconds) {
    JsonWriter json;
    json.begin_array();
    json.time(1795414034626224);
    json.time(0);
    json.time(951782400000001);
    json.time(UINT64_MAX);
    json.end_array();
    EXPECT_EQ(json.take(), R"(["2026-11-23T06:07:14.626224Z","1970-01-01T00:00:00.000000Z",)"
                           R"("2000-02-29T00:00:00.000001Z","9999-12-31T23:59:59.999999Z"])");
}

} // namespace
} // namespace gangway
