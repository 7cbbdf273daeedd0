#include "text/json_text.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <json/json.h>
#include <rapidcheck/gtest.h>

#include "support/http_generators.hpp"
#include "text/utf8.hpp"

namespace gangway {
namespace {

std::string json_of(std::string_view text) {
    std::string result;
    append_json_string(result, text);
    return result;
}

// By another's reader.
std::string read(const std::string& json) {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value value;
    std::string errors;
    const std::string document = "[" + json + "]";
    EXPECT_TRUE(reader->parse(document.data(), document.data() + document.size(), &value, &errors))
        << document << errors;
    return value[0].asString();
}

TEST(JsonString, ReplacesABadByteAndKeepsTheRest) {
    EXPECT_EQ(json_of("/caf\xe9/app"), "\"/caf\xef\xbf\xbd/app\"");
    EXPECT_EQ(json_of("/caf\xc3/app"), "\"/caf\xef\xbf\xbd/app\"");
    EXPECT_EQ(json_of("\xf0\x9f\x9a"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(json_of("a\xff\"b"), "\"a\xef\xbf\xbd\\\"b\"");
}

TEST(JsonString, LeavesTextAsItIs) {
    EXPECT_EQ(json_of(""), "\"\"");
    EXPECT_EQ(json_of("/srv/caf\xc3\xa9 (\xe6\x97\xa5)"), "\"/srv/caf\xc3\xa9 (\xe6\x97\xa5)\"");
}

TEST(JsonString, EscapesWhatMustBeAndWhatMayNotBeSeen) {
    EXPECT_EQ(json_of("\"\\/"), R"("\"\\/")");
    EXPECT_EQ(json_of("\n\r\t\b\x1b\x7f"), R"("\n\r\t\u0008\u001b\u007f")");
    EXPECT_EQ(json_of(std::string_view("a\0b", 3)), R"("a\u0000b")");
    EXPECT_EQ(json_of("\xc2\x9b"), R"("\u009b")");
    EXPECT_EQ(json_of("\xe2\x80\xae\xe2\x80\xa8"), R"("\u202e\u2028")");
    EXPECT_EQ(json_of("\xf3\xa0\x81\x81"), R"("\udb40\udc41")");
}

RC_GTEST_PROP(JsonStringProperties, KeepEveryCharacterAndReplaceEveryOtherByte, ()) {
    const std::string text = *random::bytes() + *random::bytes();
    std::string expected;
    for (std::string_view rest = text; !rest.empty();) {
        const CodePoint point = first_code_point(rest);
        expected += point.bytes == 0 ? "\xef\xbf\xbd" : std::string(rest.substr(0, point.bytes));
        rest.remove_prefix(point.bytes == 0 ? 1 : point.bytes);
    }
    RC_ASSERT(read(json_of(text)) == expected);
}

} // namespace
} // namespace gangway
