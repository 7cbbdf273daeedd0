#include "gangway/view/terminal_text.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gangway::command {
namespace {

std::string shown(std::string_view text, std::size_t piece) {
    TerminalText terminal;
    std::string result;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        result += terminal.feed(text.substr(0, piece));
    }
    return result + terminal.finish();
}

TEST(TerminalText, ShowsLinesTabsAndCharactersAsTheyAreHoweverTheyComeInPieces) {
    const std::string text = "one\ttwo\n\n\u00e9 \u20ac \U0001F600\nthree";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EXPECT_EQ(shown(text, piece), text) << piece;
    }
}

TEST(TerminalText, LetsNothingActOnTheTerminal) {
    const std::string text = "a\x1b]0;owned\x07"
                             "b\xc2\x9b"
                             "31m\xe2\x80\xae"
                             "c\xff\r\nd\re\x7f";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        const std::string result = shown(text, piece);
        EXPECT_EQ(result.find_first_of("\x1b\x07\x7f\r\x9b\xae\xff"), std::string::npos) << piece;
        EXPECT_TRUE(result.starts_with("a?]0;owned?b")) << result;
        EXPECT_NE(result.find("c?\nd"), std::string::npos) << piece << result;
    }
}

TEST(TerminalText, ShowsThatACharacterIsCutOff) {
    EXPECT_EQ(shown("a\xe2\x82", 1), "a??");
}

} // namespace
} // namespace gangway::command
