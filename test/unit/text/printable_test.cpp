#include "text/printable.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/http_generators.hpp"
#include "text/utf8.hpp"

namespace gangway {
namespace {

struct Text {
    std::string_view raw;
    std::string_view shown;
};

class PrintableText : public testing::TestWithParam<Text> {};

TEST_P(PrintableText, IsSafeToShow) {
    EXPECT_EQ(printable(GetParam().raw), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Each, PrintableText,
    testing::Values(
        Text{"", ""}, Text{"/a b?c=\"d\"", "/a b?c=\"d\""},
        Text{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x83",
             "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x83"},
        Text{"a\\b\\x41", "a\\\\b\\\\x41"}, Text{"a\r\nb\tc", "a\\x0D\\x0Ab\\x09c"},
        Text{std::string_view("a\0b", 3), "a\\x00b"}, Text{"\x1b[31m\x7f", "\\x1B[31m\\x7F"},
        Text{"\xc2\x9b\x33\x31m", "\\xC2\\x9B31m"},       // CSI
        Text{"\xc2\x80\xc2\x9f", "\\xC2\\x80\\xC2\\x9F"}, // C1, first and last
        Text{"\xc2\xa0", "\xc2\xa0"},
        Text{"\xe2\x80\x8b\xe2\x80\x8f", "\\xE2\\x80\\x8B\\xE2\\x80\\x8F"}, // U+200B, U+200F
        Text{"\xe2\x80\x8a\xe2\x80\x90", "\xe2\x80\x8a\xe2\x80\x90"},       // their neighbours
        Text{"\xe2\x80\xa8\xe2\x80\xa9", "\\xE2\\x80\\xA8\\xE2\\x80\\xA9"}, // line ends
        Text{"\xe2\x80\xaa\xe2\x80\xae", "\\xE2\\x80\\xAA\\xE2\\x80\\xAE"}, // embeddings, overrides
        Text{"\xe2\x81\xa0\xe2\x81\xa9", "\\xE2\\x81\\xA0\\xE2\\x81\\xA9"}, // U+2060, U+2069
        Text{"\xef\xbb\xbf", "\\xEF\\xBB\\xBF"},                            // U+FEFF
        Text{"\xd8\x9c", "\\xD8\\x9C"}, Text{"\xf3\xa0\x81\x81", "\\xF3\\xA0\\x81\\x81"},
        Text{"\xff\xfe", "\\xFF\\xFE"}, Text{"\xc3", "\\xC3"}, Text{"\xc3(", "\\xC3("},
        Text{"\xc0\xaf", "\\xC0\\xAF"},                   // overlong
        Text{"\xed\xa0\x80", "\\xED\\xA0\\x80"},          // a surrogate
        Text{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}, // above U+10FFFF
        Text{"\xe9/app \xf0\x9f\x9a", "\\xE9/app \\xF0\\x9F\\x9A"}));

std::string line_of(std::string_view text, std::size_t space_bytes) {
    std::string space(space_bytes, '?');
    space.resize(print_line(text, space));
    return space;
}

TEST(PrintLine, GivesWhatFitsAndSaysHowMuchDoesNot) {
    EXPECT_EQ(line_of("short", 64), "short");
    EXPECT_EQ(line_of(std::string(64, 'a'), 64), std::string(64, 'a'));
    EXPECT_EQ(line_of(std::string(65, 'a'), 64), std::string(24, 'a') + "...[41 bytes more]");
    EXPECT_EQ(line_of(std::string(1'000'000, '\x01'), 64),
              "\\x01\\x01\\x01\\x01\\x01\\x01...[999994 bytes more]");
}

TEST(Shortened, CutsNoCharacterInTwo) {
    EXPECT_EQ(shortened("abc", 3), "abc");
    EXPECT_EQ(shortened("abcd", 3), "abc...[1 bytes more]");
    EXPECT_EQ(shortened("a\xe2\x82\xac", 3), "a...[3 bytes more]");
    EXPECT_EQ(shortened("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
    EXPECT_EQ(shortened("\x80\x80\x80\x80\x80\x80", 5), "\x80\x80\x80\x80\x80...[1 bytes more]");
    EXPECT_EQ(shortened("ab", 0), "...[2 bytes more]");
}

// The inverse of printable(), as printf %b does it. Nothing for what it never writes.
std::optional<std::string> read_back(std::string_view shown) {
    std::string result;
    while (!shown.empty()) {
        const bool escaped = shown.starts_with("\\x") && shown.size() >= 4;
        if (escaped) {
            result += static_cast<char>(std::stoi(std::string(shown.substr(2, 2)), nullptr, 16));
        } else if (shown.starts_with("\\") && !shown.starts_with("\\\\")) {
            return std::nullopt;
        } else {
            result += shown.front();
        }
        shown.remove_prefix(escaped ? 4 : shown.front() == '\\' ? 2 : 1);
    }
    return result;
}

bool is_safe(std::string_view text) {
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        if (point.bytes == 0 || !is_harmless(point.value)) {
            return false;
        }
        text.remove_prefix(point.bytes);
    }
    return true;
}

// Bytes, among them often those that stand in what must not be shown.
rc::Gen<std::string> odd_text() {
    return rc::gen::container<std::string>(rc::gen::oneOf(
        random::byte(),
        rc::gen::elementOf(std::string("\xc2\x9b\xe2\x80\xae\xaa\xa8\xef\xbb\xbf\\xa\x1b\n"))));
}

RC_GTEST_PROP(PrintableProperties, AreSafeAndCanBeReadBack, ()) {
    const std::string text = *odd_text();
    const std::string shown = printable(text);
    RC_ASSERT(is_safe(shown));
    RC_ASSERT(read_back(shown) == text);
}

RC_GTEST_PROP(PrintLineProperties, FitAreSafeAndBeginAsTheWhole, ()) {
    const std::string text = *odd_text() + *odd_text();
    const auto room = *rc::gen::inRange<std::size_t>(64, 200);
    const std::string line = line_of(text, room);
    RC_ASSERT(line.size() <= room);
    RC_ASSERT(is_safe(line));
    const std::string whole = printable(text);
    if (whole.size() <= room) {
        RC_ASSERT(line == whole);
    } else {
        const std::size_t mark = line.rfind("...[");
        RC_ASSERT(mark != std::string::npos);
        RC_ASSERT(mark > 0U);
        const std::size_t left_out = std::stoul(line.substr(mark + 4));
        RC_ASSERT(printable(text.substr(0, text.size() - left_out)) == line.substr(0, mark));
    }
}

} // namespace
} // namespace gangway
