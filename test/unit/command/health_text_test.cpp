#include "gangway/base/human_units.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/commands/health/plugin.hpp"
#include "gangway/commands/health/table.hpp"
#include "gangway/view/progress_text.hpp"
#include "health_answers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::command {
namespace {

constexpr Terminal wide{.is_terminal = true, .colour = true, .columns = 120, .can_redraw = true};

const std::string all_well = healthy_line + summary_line(1, 0, 0);

TEST(HealthTable, HasARowForEachAndASentenceForWhatIsNotHealthy) {
    EXPECT_EQ(health_table(report_of(healthy_line + unhealthy_line + summary_line(1, 1, 0)), {}),
              "  PID  STATE      REASON              STATUS  LATENCY  ROUTE\n"
              "20387  healthy    -                      200  1.23 ms  pool\n"
              "    9  unhealthy  first_byte_timeout       -   2.00 s  pool\n"
              "\n"
              "9: It took the request and said nothing.\n"
              "\n"
              "1 of 2 healthy, 1 unhealthy, in 12.40 ms\n");
}

TEST(HealthTable, NamesTheGroupsWhereThereAreSeveral) {
    EXPECT_EQ(health_table(report_of(healthy_line + busy_line + summary_line(1, 0, 1)), {},
                           *parse_rfc3339("2026-11-25T09:19:10Z")),
              "  PID  GROUP                   STATE    REASON  STATUS  LATENCY  ROUTE  BUSY FOR\n"
              "20387  /srv/shop (production)  healthy  -          200  1.23 ms  pool   -\n"
              "20388  /srv/blog (production)  busy     busy         -        -  -      19m 11s\n"
              "\n"
              "20388: It serves a visitor.\n"
              "\n"
              "1 of 2 healthy, 1 busy, in 12.40 ms\n");
}

TEST(HealthTable, SaysInItsRowWithWhatOneIsBusy) {
    HealthReport report = report_of(healthy_line + busy_line + summary_line(1, 0, 1));
    report.results[1].requests = {{"GET", "/hang", "203.0.113.9", 1}, {"GET", "/b", "::1", 2}};
    EXPECT_EQ(health_table(report, {}, *parse_rfc3339("2026-11-25T09:19:10Z")),
              "  PID  GROUP                   STATE    REASON  STATUS  LATENCY  ROUTE  BUSY FOR  "
              "WITH\n"
              "20387  /srv/shop (production)  healthy  -          200  1.23 ms  pool   -         "
              "-\n"
              "20388  /srv/blog (production)  busy     busy         -        -  -      19m 11s   "
              "2 requests, the oldest GET /hang from 203.0.113.9\n"
              "\n"
              "1 of 2 healthy, 1 busy, in 12.40 ms\n");
}

TEST(HealthTable, HasNoSentencesWhereAllAreHealthy) {
    EXPECT_EQ(health_table(report_of(all_well), {}),
              "  PID  STATE    REASON  STATUS  LATENCY  ROUTE\n"
              "20387  healthy  -          200  1.23 ms  pool\n"
              "\n"
              "1 of 1 healthy, in 12.40 ms\n");
}

TEST(HealthTable, PaintsStatesOnATerminalAlone) {
    const HealthReport report =
        report_of(healthy_line + unhealthy_line + busy_line + summary_line(1, 1, 1));
    const std::string painted = health_table(report, wide);
    EXPECT_NE(painted.find("\033[32mhealthy\033[0m"), std::string::npos);
    EXPECT_NE(painted.find("\033[31munhealthy\033[0m"), std::string::npos);
    EXPECT_NE(painted.find("\033[33mbusy\033[0m"), std::string::npos);
    EXPECT_EQ(health_table(report, {}).find('\033'), std::string::npos);
}

TEST(HealthTable, SaysThatTheDeadlineCame) {
    EXPECT_NE(health_table(report_of(summary_line(1, 0, 0, 3, "true")), {})
                  .find("1 of 4 healthy, 3 skipped, in 12.40 ms; the deadline came"),
              std::string::npos);
}

TEST(HumanLatency, IsInMillisecondsBelowASecond) {
    EXPECT_EQ(human_latency(0), "0.00 ms");
    EXPECT_EQ(human_latency(0.0012345), "1.23 ms");
    EXPECT_EQ(human_latency(0.9994), "999.40 ms");
    EXPECT_EQ(human_latency(0.99999), "1.00 s");
    EXPECT_EQ(human_latency(30), "30.00 s");
}

TEST(HealthProgress, SaysHowManyAreDone) {
    EXPECT_EQ(health_text(1, 0, std::chrono::seconds(3)), "3s, 1 process checked");
    EXPECT_EQ(health_text(12, 2, std::chrono::seconds(3)),
              "3s, 12 processes checked, 2 not healthy");
}

TEST(HealthTable, SaysASentenceOnceOfAllWhomItIsAbout) {
    std::string answer;
    for (int pid = 1; pid <= 7; ++pid) {
        answer += R"({"result":{"pid":)" + std::to_string(pid) +
                  R"(,"state":"unhealthy","reason":"refused","detail":"It refused."}})" + "\n";
    }
    const std::string text = health_table(report_of(answer + summary_line(0, 7, 0)), {});
    EXPECT_NE(text.find("\n1, 2, 3, 4, 5 and 2 more: It refused.\n"), std::string::npos) << text;
}

// So many results, of which the last is ill.
HealthReport many(unsigned count) {
    std::string answer;
    for (unsigned pid = 1; pid <= count; ++pid) {
        const bool is_ill = pid == count;
        answer += R"({"result":{"pid":)" + std::to_string(pid) + R"(,"state":")" +
                  (is_ill ? R"(unhealthy","reason":"refused","detail":"It refused, and said )"
                            R"(so in a sentence that is longer than the screen is wide.")"
                          : "healthy\"") +
                  "}}\n";
    }
    return report_of(answer + summary_line(count - 1, 1, 0));
}

TEST(HealthScreen, ShowsTheSickFirstAndNoMoreThanThereIsRoomFor) {
    const Terminal small{
        .is_terminal = true, .colour = true, .columns = 50, .can_redraw = true, .rows = 10};
    const std::string text = health_screen(many(200), small, "12:34:56");
    EXPECT_TRUE(text.starts_with("12:34:56  199 of 200 healthy, 1 unhealthy, in ")) << text;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 9) << text;
    EXPECT_LT(text.find("\033[31munhealthy"), text.find("\033[32mhealthy")) << text;
    EXPECT_NE(text.find(" more, "), std::string::npos) << text;
    EXPECT_NE(text.find("200: It refused, and said"), std::string::npos) << text;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string line(rest.substr(0, end));
        EXPECT_EQ(shorten_painted(line, 50), line);
        rest.remove_prefix(end + 1);
    }
}

TEST(HealthScreen, ShowsAllWhereTheyFit) {
    const Terminal large{
        .is_terminal = true, .colour = false, .columns = 200, .can_redraw = true, .rows = 50};
    const std::string text = health_screen(many(12), large, "t");
    EXPECT_EQ(text.find(" more, "), std::string::npos);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + 1 + 12 + 2);
}

TEST(HealthScreen, SurvivesTheSmallestScreen) {
    for (std::size_t rows = 0; rows < 12; ++rows) {
        const Terminal tiny{
            .is_terminal = true, .colour = true, .columns = 2, .can_redraw = true, .rows = rows};
        EXPECT_NE(health_screen(many(30), tiny, "t"), "");
    }
}

TEST(ShortenPainted, CountsNoColoursAndEndsThem) {
    EXPECT_EQ(shorten_painted("\033[31mabc\033[0mdef", 4), "\033[31mabc\033[0md");
    EXPECT_EQ(shorten_painted("\033[31mabc\033[0mdef", 2), "\033[31mab\033[0m");
    EXPECT_EQ(shorten_painted("\xe6\xbc\xa2\xe5\xad\x97", 3), "\xe6\xbc\xa2");
}

struct PluginCase {
    std::string summary;
    PluginState state;
};

TEST(PluginState, IsThatOfTheWorstRangeThatIsBroken) {
    for (const PluginCase& each : {PluginCase{summary_line(4, 0, 0), PluginState::ok},
                                   PluginCase{summary_line(3, 0, 1), PluginState::warning},
                                   PluginCase{summary_line(3, 0, 0, 1), PluginState::warning},
                                   PluginCase{summary_line(0, 0, 4), PluginState::critical},
                                   PluginCase{summary_line(3, 1, 0), PluginState::critical},
                                   PluginCase{summary_line(1, 1, 1, 1), PluginState::critical},
                                   PluginCase{summary_line(0, 0, 0), PluginState::unknown}}) {
        EXPECT_EQ(plugin_state(report_of(each.summary), Thresholds()), each.state) << each.summary;
    }
}

Thresholds with(Thresholds::Level level, std::initializer_list<const char*> arguments) {
    Thresholds thresholds;
    for (const char* argument : arguments) {
        EXPECT_EQ(thresholds.set(level, argument), std::nullopt) << argument;
    }
    return thresholds;
}

TEST(PluginState, GoesByTheRangesThatAreGiven) {
    HealthReport report = report_of(summary_line(0, 0, 4));
    const Thresholds lenient = with(Thresholds::Level::critical, {"healthy=0:", "queue=2"});
    EXPECT_EQ(plugin_state(report, lenient), PluginState::warning);
    report.queue = 2;
    EXPECT_EQ(plugin_state(report, lenient), PluginState::warning);
    report.queue = 3;
    EXPECT_EQ(plugin_state(report, lenient), PluginState::critical);
    EXPECT_EQ(plugin_state(report_of(summary_line(4, 0, 0)),
                           with(Thresholds::Level::warning, {"time=0.01"})),
              PluginState::warning);
}

TEST(PluginLine, HasTheQueueAndSaysWhatIsInIt) {
    HealthReport report = report_of(summary_line(0, 0, 2));
    report.queue = 3;
    const std::string line =
        plugin_line(report, with(Thresholds::Level::critical, {"queue=2", "healthy=~:"}));
    EXPECT_TRUE(line.starts_with("CRITICAL - 0 of 2 healthy, 2 busy, 3 queued | healthy=0;;~:;0;2"))
        << line;
    EXPECT_NE(line.find(" queue=3;;2;0 "), std::string::npos) << line;
}

TEST(PluginLine, HasPerformanceDataWithThresholdsAndBounds) {
    EXPECT_EQ(plugin_line(report_of(all_well), Thresholds()),
              "OK - 1 of 1 healthy | healthy=1;;1:;0;1 unhealthy=0;;0;0;1 busy=0;0;;0;1 "
              "skipped=0;0;;0;1 queue=U;;;0 time=0.012s;;;0\n");
}

TEST(PluginLine, SaysWhatIsWrongTheWorstFirst) {
    EXPECT_EQ(
        plugin_line(report_of(busy_line + healthy_line + unhealthy_line + summary_line(1, 1, 1)),
                    Thresholds()),
        "CRITICAL - 1 of 3 healthy, 1 unhealthy, 1 busy: 9 first_byte_timeout: It took the request "
        "and said nothing.; 20388 busy since 2026-11-25T08:59:59.000000Z: It serves a visitor. | "
        "healthy=1;;1:;0;3 unhealthy=1;;0;0;3 busy=1;0;;0;3 skipped=0;0;;0;3 queue=U;;;0 "
        "time=0.012s;;;0\n");
}

struct RangeCase {
    const char* text;
    std::vector<double> inside;
    std::vector<double> outside;
};

TEST(Range, IsThatOfThePluginGuidelines) {
    for (const RangeCase& each :
         {RangeCase{"10", {0, 5, 10}, {-1, 11}}, RangeCase{"10:", {10, 1e9}, {9.9, -1}},
          RangeCase{"~:10", {-5, 10}, {10.1}}, RangeCase{"10:20", {10, 20}, {9, 21}},
          RangeCase{"@10:20", {9, 21}, {10, 15, 20}}, RangeCase{"~:", {-1e9, 1e9}, {}},
          RangeCase{"-3:-1", {-2}, {0}}, RangeCase{"0.5:1.5", {1}, {0.4}}}) {
        const auto range = Range::parse(each.text);
        ASSERT_TRUE(range) << each.text;
        EXPECT_EQ(range->text(), each.text);
        for (const double value : each.inside) {
            EXPECT_TRUE(range->holds(value)) << each.text << " " << value;
        }
        for (const double value : each.outside) {
            EXPECT_FALSE(range->holds(value)) << each.text << " " << value;
        }
    }
}

TEST(Range, RefusesWhatIsNone) {
    for (const char* text : {"", ":", "@", "a", "1:2:3", "20:10", "1,5", "nan", "inf:", ":5", "~",
                             "1e3", " 1", "10:~"}) {
        EXPECT_FALSE(Range::parse(text)) << text;
    }
}

TEST(Thresholds, NameTheLabelsThatThereAre) {
    Thresholds thresholds;
    for (const char* argument : {"", "=", "busy", "=5", "bsy=5", "Busy=5"}) {
        const auto fault = thresholds.set(Thresholds::Level::warning, argument);
        ASSERT_TRUE(fault) << argument;
        EXPECT_NE(fault->find("healthy, unhealthy, busy, skipped, queue, time"), std::string::npos);
    }
}

TEST(PluginLine, StaysOneLineWithOneBarWhateverAWorkerSays) {
    std::string answer;
    for (int pid = 1; pid <= 100; ++pid) {
        answer += R"({"result":{"pid":)" + std::to_string(pid) +
                  R"(,"state":"unhealthy","reason":"bad_status","detail":"x|y=1\n\u001b[0m"}})" +
                  "\n";
    }
    const std::string line = plugin_line(report_of(answer + summary_line(0, 100, 0)), Thresholds());
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 1);
    EXPECT_EQ(line.find('\033'), std::string::npos);
    EXPECT_NE(line.find("1 bad_status: x/y=1"), std::string::npos);
    EXPECT_EQ(display_columns(line.substr(0, line.find(" | "))), 200U);
    EXPECT_NE(line.find("... | healthy=0;;1:;0;100 unhealthy=100;;0;0;100"), std::string::npos);
}

TEST(PluginLine, DoesNotKnowWhereNothingIsChecked) {
    EXPECT_EQ(plugin_line(report_of(summary_line(0, 0, 0)), Thresholds()),
              "UNKNOWN - there is no process to check\n");
    EXPECT_EQ(plugin_unknown_line("a | b\nc"), "UNKNOWN - a / b c\n");
}

TEST(PluginLine, SaysWhyNoProcessCanBeStarted) {
    HealthReport report = report_of(summary_line(0, 0, 0));
    report.cannot_start = {"no process of shop can be started since 10:00: no database"};
    EXPECT_EQ(plugin_state(report, Thresholds()), PluginState::critical);
    EXPECT_TRUE(plugin_line(report, Thresholds())
                    .starts_with("CRITICAL - 0 of 0 healthy: no process of shop can be started "
                                 "since 10:00: no database | healthy=0;"))
        << plugin_line(report, Thresholds());
    report = report_of(summary_line(2, 0, 0)); // Those of before a deployment, say.
    report.cannot_start = {"no process of shop can be started since 10:00: no database"};
    EXPECT_TRUE(plugin_line(report, Thresholds())
                    .starts_with("WARNING - 2 of 2 healthy: no process of shop can be started"))
        << plugin_line(report, Thresholds());
}

} // namespace
} // namespace gangway::command
