#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/group_names.hpp"
#include "gangway/view/process_values.hpp"
#include "gangway/view/table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {
namespace {

TEST(Printable, ReplacesControlCharactersOfEveryKind) {
    EXPECT_EQ(printable("a\x1b[31mb\a\r\n\tc\x7f"), "a?[31mb????c?");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
    EXPECT_EQ(printable("C1 as UTF-8: \xc2\x9b"), "C1 as UTF-8: ?");
    EXPECT_EQ(printable("C1 as a byte: \x9b"), "C1 as a byte: ?");
}

TEST(Printable, ReplacesMarksThatTurnTheDirectionOfWriting) {
    const std::string right_to_left_override{'\xe2', '\x80', '\xae'};
    EXPECT_EQ(printable("a" + right_to_left_override + "b"), "a?b");
}

TEST(Printable, KeepsUtf8AndReplacesWhatIsNone) {
    EXPECT_EQ(printable("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x83"),
              "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x83");
    EXPECT_EQ(printable("\xc3"), "?");
    EXPECT_EQ(printable("\xc0\xaf"), "??");           // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "???");      // a surrogate
    EXPECT_EQ(printable("\xf5\x80\x80\x80"), "????"); // above U+10FFFF
}

TEST(DisplayColumns, AreTwoForWideCharactersAndNoneForMarks) {
    EXPECT_EQ(display_columns("\xe6\xbc\xa2\xe5\xad\x97"), 4U); // two of Chinese
    EXPECT_EQ(display_columns("e\xcc\x81"), 1U);                // e and an acute accent
    EXPECT_EQ(display_columns("\xf0\x9f\x9a\x83"), 2U);         // a railway car
    EXPECT_EQ(shorten_end("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 5), "\xe6\xbc\xa2...");
}

TEST(ShortenEnd, CountsCharactersRatherThanBytes) {
    EXPECT_EQ(shorten_end("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4),
              "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
    EXPECT_EQ(shorten_end("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4), "\xc3\xa9...");
    EXPECT_EQ(shorten_end("abcdef", 2), "..");
}

TEST(HumanBytes, HasOneDigitAfterThePointBelowAHundred) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(1023), "1023 B");
    EXPECT_EQ(human_bytes(1024), "1.0 KiB");
    EXPECT_EQ(human_bytes(61ULL << 20U), "61.0 MiB");
    EXPECT_EQ(human_bytes((1ULL << 20U) - 1), "1.0 MiB");
    EXPECT_EQ(human_bytes(512ULL << 20U), "512 MiB");
    EXPECT_EQ(human_bytes(~0ULL), "16.0 EiB");
}

TEST(HumanDuration, ShowsTheTwoLargestUnits) {
    EXPECT_EQ(human_duration(0.9), "0s");
    EXPECT_EQ(human_duration(59), "59s");
    EXPECT_EQ(human_duration(192), "3m 12s");
    EXPECT_EQ(human_duration(4 * 3600), "4h 0m");
    EXPECT_EQ(human_duration(12 * 86400 + 7 * 3600), "12d 7h");
    EXPECT_EQ(human_duration(-1), "-");
}

TEST(Units, InAColumnHaveNoBlank) {
    EXPECT_EQ(column_bytes(0), "0");
    EXPECT_EQ(column_bytes(1023), "1023");
    EXPECT_EQ(column_bytes(1024), "1.0K");
    EXPECT_EQ(column_bytes(102'550'733), "97.8M");
    EXPECT_EQ(column_bytes(512ULL << 20U), "512M");
    EXPECT_EQ(column_bytes(~0ULL), "16.0E");
    EXPECT_EQ(column_duration(0), "0.0s");
    EXPECT_EQ(column_duration(3.04), "3.0s");
    EXPECT_EQ(column_duration(9.96), "9s");
    EXPECT_EQ(column_duration(12), "12s");
    EXPECT_EQ(column_duration(63), "1m3s");
    EXPECT_EQ(column_duration(1151), "19m11s");
    EXPECT_EQ(column_duration(4 * 3600), "4h0m");
    EXPECT_EQ(column_duration(-1), "-");
}

Table small_table() {
    Table table({{"PID", Align::right}, {"STATE"}, {"COMMAND"}});
    table.add_row({Cell("7"), Cell("enabled", Colour::green), Cell("a rather long command")});
    table.add_row({Cell("20387"), Cell("dead"), Cell("b")});
    return table;
}

TEST(Table, AlignsColumnsAndLeavesNoTrailingSpaces) {
    EXPECT_EQ(small_table().render({}), "  PID  STATE    COMMAND\n"
                                        "    7  enabled  a rather long command\n"
                                        "20387  dead     b\n");
}

TEST(Table, CutsTheLastColumnAtTheTerminalsEdge) {
    EXPECT_EQ(small_table().render({.is_terminal = true, .colour = false, .columns = 30}),
              "  PID  STATE    COMMAND\n"
              "    7  enabled  a rather lo...\n"
              "20387  dead     b\n");
}

TEST(Table, CutsTheColumnThatGivesWay) {
    Table table({{"PID", Align::right}, {"URL", Align::left, true}, {"CLIENT"}});
    table.add_row({{"1"}, {"/a/long/path/that/goes/on"}, {"203.0.113.9"}});
    table.add_row({{"20387"}, {"/"}, {"::1"}});
    const std::string text = table.render({.is_terminal = true, .columns = 32});
    EXPECT_EQ(text, "  PID  URL           CLIENT\n"
                    "    1  /a/long/p...  203.0.113.9\n"
                    "20387  /             ::1\n");
    EXPECT_NE(table.render({}).find("/a/long/path/that/goes/on  203"), std::string::npos);
}

TEST(Table, HasPartsUnderLinesOfTheirOwnInTheSameColumns) {
    Table table({{"PID", Align::right}, {"STATE"}});
    table.begin_part("one");
    table.add_row({Cell("7"), Cell("enabled")});
    table.begin_part("nobody");
    table.begin_part("two");
    table.add_row({Cell("20387"), Cell("dead")});
    EXPECT_EQ(table.render({}), "one\n"
                                "  PID  STATE\n"
                                "    7  enabled\n"
                                "\n"
                                "nobody\n"
                                "\n"
                                "two\n"
                                "  PID  STATE\n"
                                "20387  dead\n");
    Table rows({{"PID", Align::right}, {"STATE"}}, false);
    rows.add_row({Cell("7"), Cell("enabled")});
    EXPECT_EQ(rows.render({}), "7  enabled\n");
}

TEST(Table, PaintsWithoutChangingWidths) {
    const std::string text =
        small_table().render({.is_terminal = true, .colour = true, .columns = 80});
    EXPECT_NE(text.find("\033[32menabled\033[0m  a"), std::string::npos);
    EXPECT_NE(text.find("20387  dead     b\n"), std::string::npos);
}

TEST(GroupNames, LoseLeadingDirectoriesWhereTheyAreLong) {
    const std::string name = "/var/www/customers/hotel/shop/public (production)";
    const auto shown = abbreviate_group_names({name, "/srv/app (staging)"});
    EXPECT_EQ(shown.at(name), ".../shop/public (production)");
    EXPECT_EQ(shown.at("/srv/app (staging)"), "/srv/app (staging)");
}

TEST(GroupNames, StayWholeWhereTheyWouldLookAlike) {
    const std::string first = "/var/www/customers/one/site/public (production)";
    const std::string second = "/var/www/customers/two/site/public (production)";
    const auto shown = abbreviate_group_names({first, second});
    EXPECT_EQ(shown.at(first), first);
    EXPECT_EQ(shown.at(second), second);
}

TEST(ProcessValue, HasTheUnitOfTheFieldsName) {
    const auto row = parse_json(R"({"pid": 7, "rss_bytes": 2097152, "swap_bytes": null,
        "idle_seconds": 61.5, "cpu_percent": 12.34, "routes": ["pool", "direct"],
        "command": "a\u001b", "sockets": [], "enabled": "ENABLED"})");
    ASSERT_TRUE(row);
    EXPECT_EQ(process_value(*row, "pid"), "7");
    EXPECT_EQ(process_value(*row, "rss_bytes"), "2.0 MiB");
    EXPECT_EQ(process_value(*row, "swap_bytes"), "-");
    EXPECT_EQ(process_value(*row, "idle_seconds"), "1m 1s");
    EXPECT_EQ(process_value(*row, "cpu_percent"), "12.3%");
    EXPECT_EQ(process_value(*row, "routes"), "pool, direct");
    EXPECT_EQ(process_value(*row, "command"), "a?");
    EXPECT_EQ(process_value(*row, "no_such_field"), "-");
}

TEST(ProcessFields, StandInTheirDocumentedOrderWithUnknownOnesLast) {
    const auto row = parse_json(R"({"added_later": 1, "command": "c", "pid": 7, "gupid": "g"})");
    ASSERT_TRUE(row);
    EXPECT_EQ(process_fields(*row),
              (std::vector<std::string>{"pid", "gupid", "command", "added_later"}));
}

TEST(ParseJson, RefusesWhatIsNoDocumentOrNestedWithoutEnd) {
    EXPECT_FALSE(parse_json(""));
    EXPECT_FALSE(parse_json("{\"a\": 1} trailing"));
    EXPECT_FALSE(parse_json(std::string(100'000, '[')));
}

} // namespace
} // namespace gangway::command
