#include "gangway/commands/top/model.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"

namespace gangway::command {
namespace {

std::string process(int pid, const std::string& group, int sessions, const std::string& more = {}) {
    return R"({"pid":)" + std::to_string(pid) + R"(,"gupid":"g)" + std::to_string(pid) +
           R"(","group":")" + group +
           R"(","state":"enabled","processed":1,"uptime_seconds":9,"sessions":)" +
           std::to_string(sessions) + more + "}";
}

class TopModelTest : public testing::Test {
  protected:
    void look(const std::vector<std::string>& processes, Around around = {}) {
        std::string text = R"({"processes":[)";
        for (const std::string& each : processes) {
            text += (text.ends_with('[') ? "" : ",") + each;
        }
        TopLook seen;
        seen.pool.processes = *parse_json(text + "]}");
        seen.pool.pool = *parse_json(R"({"max":6,"capacity_used":2,"group_get_wait_list_size":0})");
        model_.update(std::move(seen), std::move(around));
    }
    std::vector<ScreenLine> draw(std::size_t rows = 24, std::size_t columns = 80) {
        auto lines = model_.draw(rows, columns, "noon");
        EXPECT_EQ(lines.size(), std::max<std::size_t>(rows, 3));
        for (const ScreenLine& line : lines) {
            EXPECT_LE(display_columns(line.text), columns) << line.text;
        }
        return lines;
    }
    TopOrder press(const std::string& keys) {
        TopOrder order;
        for (const char key : keys) {
            order = model_.press({Key::Kind::character, std::string(1, key)});
        }
        return order;
    }
    TopOrder press(Key::Kind kind) { return model_.press({kind}); }
    // Pids, in the order in which they stand.
    static std::string pids(const std::vector<ScreenLine>& lines) {
        std::string text;
        for (const ScreenLine& line : lines) {
            const std::size_t begin = line.text.find_first_not_of(" *");
            if (begin != std::string::npos && begin > 0 && line.text[begin] >= '0' &&
                line.text[begin] <= '9') {
                text += (text.empty() ? "" : " ") +
                        line.text.substr(begin, line.text.find(' ', begin) - begin);
            }
        }
        return text;
    }
    static std::string with(const std::vector<ScreenLine>& lines, LineStyle style) {
        std::string text;
        for (const ScreenLine& line : lines) {
            text += line.style == style ? line.text + "\n" : "";
        }
        return text;
    }

    TopModel model_{{.group = {}, .sort = "pid"}};
};

TEST_F(TopModelTest, ShowsGroupsAndTheirProcesses) {
    EXPECT_NE(draw()[3].text.find("looking"), std::string::npos);
    look({process(7, "shop", 1), process(8, "blog", 0), process(9, "shop", 0)});
    const auto lines = draw();
    EXPECT_EQ(lines[1].text, "3 processes, 1 busy   queue 0   pool 2/6   0.0 req/s");
    EXPECT_EQ(pids(lines), "7 9 8");
    press("g");
    EXPECT_EQ(pids(draw()), "7 8 9");
}

TEST_F(TopModelTest, SortsByTheColumnThatIsChosen) {
    look({process(7, "shop", 1), process(8, "shop", 3), process(9, "shop", 2)});
    EXPECT_EQ(pids(draw()), "7 8 9");
    press("I");
    EXPECT_EQ(pids(draw()), "9 8 7");
    press(">>>>"); // group, state, health, sess
    EXPECT_EQ(pids(draw()), "8 9 7");
    EXPECT_NE(draw()[2].text.find("SESSv"), std::string::npos);
    press("<<<<");
    EXPECT_EQ(pids(draw()), "7 8 9");
    press("<");
    EXPECT_NE(draw(24, 200)[2].text.find("NOW^"), std::string::npos) << "round and round";
}

TEST_F(TopModelTest, MarksWhoIsNewAndWhoHasLeft) {
    look({process(7, "shop", 0), process(8, "shop", 0)});
    EXPECT_EQ(with(draw(), LineStyle::fresh), "") << "at first all are";
    look({process(7, "shop", 0), process(9, "shop", 0)});
    auto lines = draw();
    EXPECT_NE(with(lines, LineStyle::fresh).find(" 9  "), std::string::npos);
    EXPECT_NE(with(lines, LineStyle::gone).find(" 8  "), std::string::npos);
    look({process(7, "shop", 0), process(9, "shop", 0)});
    EXPECT_EQ(pids(draw()), "7 9");
    EXPECT_EQ(with(draw(), LineStyle::fresh), "");
}

TEST_F(TopModelTest, KeepsTheChosenProcessWhereverItStands) {
    look({process(7, "shop", 0), process(8, "shop", 0), process(9, "shop", 0)});
    draw();
    press(Key::Kind::down);
    EXPECT_NE(with(draw(), LineStyle::selected).find(" 8  "), std::string::npos);
    press("I");
    EXPECT_NE(with(draw(), LineStyle::selected).find(" 8  "), std::string::npos);
    look({process(7, "shop", 0), process(9, "shop", 0)});
    EXPECT_NE(with(draw(), LineStyle::selected).find(" 9  "), std::string::npos) << "the first";
    press(Key::Kind::end);
    EXPECT_NE(with(draw(), LineStyle::selected).find(" 7  "), std::string::npos);
    press(Key::Kind::page_down);
    press(Key::Kind::home);
    EXPECT_NE(with(draw(), LineStyle::selected).find(" 9  "), std::string::npos);
}

TEST_F(TopModelTest, ScrollsSoThatTheChosenOneIsSeen) {
    std::vector<std::string> many;
    for (int pid = 100; pid < 200; pid++) {
        many.push_back(process(pid, "shop", 0));
    }
    look(many);
    draw(10);
    for (int i = 0; i < 60; i++) {
        press(Key::Kind::down);
        EXPECT_NE(with(draw(10), LineStyle::selected), "") << i;
    }
    press(Key::Kind::page_up);
    EXPECT_NE(with(draw(10), LineStyle::selected), "");
    press(Key::Kind::home);
    EXPECT_EQ(draw(10)[3].style, LineStyle::strong) << "the line about its group is seen, too";
}

TEST_F(TopModelTest, FiltersAndSearches) {
    look({process(17, "shop", 0), process(28, "shop", 0), process(39, "shop", 0)});
    draw();
    press("\\28");
    EXPECT_EQ(draw().back().text, "show only: 28_");
    press(Key::Kind::enter);
    EXPECT_EQ(pids(draw()), "28");
    press("\\");
    press(Key::Kind::escape);
    EXPECT_EQ(pids(draw()), "17 28 39");
    press("/9x");
    press(Key::Kind::backspace);
    press(Key::Kind::enter);
    EXPECT_NE(with(draw(), LineStyle::selected).find(" 39  "), std::string::npos);
    press("/none");
    press(Key::Kind::enter);
    EXPECT_EQ(draw().back().text, "no row has 'none'");
    press("/");
    EXPECT_FALSE(model_.press({Key::Kind::character, "\xc3\xa9"}).look);
    press(Key::Kind::backspace);
    EXPECT_EQ(draw().back().text, "search: _") << "of a character all bytes";
}

TEST_F(TopModelTest, OrdersWhatKeysAskFor) {
    look({process(7, "shop", 0), process(8, "shop", 0)});
    draw();
    EXPECT_EQ(press("h").check, std::vector<std::string>{"g7"});
    press("  ");
    EXPECT_EQ(press("h").check, (std::vector<std::string>{"g7", "g8"}));
    EXPECT_EQ(with(draw(), LineStyle::plain).find('*'), with(draw(), LineStyle::plain).find("* "));
    press("U");
    EXPECT_EQ(press("h").check, std::vector<std::string>{"g8"});
    EXPECT_TRUE(press("r").look);
    EXPECT_EQ(model_.page(), TopPage::requests);
    EXPECT_TRUE(press("r").look);
    EXPECT_TRUE(press(Key::Kind::enter).look);
    EXPECT_EQ(model_.page(), TopPage::detail);
    EXPECT_EQ(model_.detailed(), "g8");
    EXPECT_FALSE(press("q").quit);
    press("?");
    EXPECT_EQ(draw()[2].text, "Keys");
    EXPECT_FALSE(press(Key::Kind::escape).quit);
    EXPECT_TRUE(press("q").quit);
    TopModel readonly({.readonly = true});
    EXPECT_TRUE(readonly.press({Key::Kind::character, "h"}).check.empty());
    EXPECT_TRUE(readonly.press({Key::Kind::character, "\x03"}).quit);
}

TEST_F(TopModelTest, ShowsWhatIsWorthMostOnANarrowScreen) {
    look({process(7, "shop", 1,
                  R"(,"requests":[{"method":"GET","path":"/a/rather/long/path/that/hangs"}])")});
    const auto narrow = draw();
    EXPECT_NE(narrow[2].text.find("NOW"), std::string::npos);
    EXPECT_EQ(narrow[2].text.find("GROWTH"), std::string::npos);
    EXPECT_NE(narrow[4].text.find("GET /a/rather/lon"), std::string::npos) << narrow[4].text;
    EXPECT_NE(draw(24, 200)[2].text.find("GROWTH/H"), std::string::npos);
    for (const std::size_t columns : {1U, 2U, 5U, 20U, 40U}) {
        for (const std::size_t rows : {1U, 2U, 3U, 5U}) {
            draw(rows, columns);
        }
    }
}

TEST_F(TopModelTest, KeepsColumnsStraightWhateverNamesHold) {
    look({process(7, "caf\xc3\xa9", 0, R"(,"health":{"state":"\u4e2d\u6587"})"),
          process(8, "\u001b[2J", 0)});
    const auto lines = draw(24, 200);
    std::vector<std::size_t> places;
    for (const ScreenLine& line : lines) {
        const std::size_t at = line.text.find("enabled");
        if (at != std::string::npos) {
            places.push_back(display_columns(line.text.substr(0, at)));
        }
        EXPECT_EQ(line.text.find('\x1b'), std::string::npos);
    }
    ASSERT_EQ(places.size(), 2U);
    EXPECT_EQ(places[0], places[1]);
}

TEST_F(TopModelTest, SaysThatTheAgentDoesNotAnswerAndKeepsWhatWasThere) {
    look({process(7, "shop", 0)});
    draw();
    model_.lose("it is gone\nand more");
    EXPECT_EQ(draw().back().text, "trying again: it is gone");
    EXPECT_EQ(pids(draw()), "7");
    look({process(8, "shop", 0)});
    EXPECT_EQ(draw().back().text.find("trying again"), std::string::npos);
}

TEST_F(TopModelTest, SumsUpTheRates) {
    look({process(7, "shop", 0), process(8, "shop", 0)}, {{}, {{"g7", 10.0}, {"g8", 2.34}}, {}});
    EXPECT_TRUE(draw()[1].text.ends_with("   12 req/s")) << draw()[1].text;
}

} // namespace
} // namespace gangway::command
