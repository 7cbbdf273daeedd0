#include "gangway/base/human_units.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/commands/health/plugin.hpp"
#include "gangway/commands/health/table.hpp"
#include "gangway/view/progress_text.hpp"
#include "health_answers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace gangway::command {
namespace {

constexpr Terminal wide{.is_terminal = true, .colour = true, .columns = 120, .can_redraw = true};

const std::string all_well = healthy_line + summary_line(1, 0, 0);

TEST(HealthTable, HasARowForEachAndASentenceForWhatIsNotHealthy) {
    EXPECT_EQ(health_table(report_of(healthy_line + unhealthy_line + summary_line(1, 1, 0)), {}),
              "  PID  STATE      REASON              STATUS  LATENCY  ROUTE\n"
              "    9  unhealthy  first_byte_timeout       -   2.00 s  pool\n"
              "20387  healthy    -                      200  1.23 ms  pool\n"
              "\n"
              "9: It took the request and said nothing.\n"
              "\n"
              "1 of 2 healthy, 1 unhealthy, in 12.40 ms\n");
}

TEST(HealthTable, NamesTheGroupsWhereThereAreSeveral) {
    EXPECT_EQ(health_table(report_of(healthy_line + busy_line + summary_line(1, 0, 1)), {}),
              "  PID  GROUP                   STATE    REASON  STATUS  LATENCY  ROUTE\n"
              "20388  /srv/blog (production)  busy     busy         -        -  -\n"
              "20387  /srv/shop (production)  healthy  -          200  1.23 ms  pool\n"
              "\n"
              "20388: It serves a visitor.\n"
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

struct PluginCase {
    std::string summary;
    PluginState state;
};

TEST(PluginState, IsThatOfTheWorstProcess) {
    for (const PluginCase& each : {PluginCase{summary_line(4, 0, 0), PluginState::ok},
                                   PluginCase{summary_line(3, 0, 1), PluginState::warning},
                                   PluginCase{summary_line(3, 0, 0, 1), PluginState::warning},
                                   PluginCase{summary_line(3, 1, 0), PluginState::critical},
                                   PluginCase{summary_line(1, 1, 1, 1), PluginState::critical},
                                   PluginCase{summary_line(0, 0, 0), PluginState::unknown}}) {
        EXPECT_EQ(plugin_state(report_of(each.summary).summary), each.state) << each.summary;
    }
}

TEST(PluginLine, HasPerformanceDataWithThresholdsAndBounds) {
    EXPECT_EQ(plugin_line(report_of(all_well)),
              "OK - 1 of 1 healthy | healthy=1;;1:;0;1 unhealthy=0;;0;0;1 busy=0;0;;0;1 "
              "skipped=0;0;;0;1 time=0.012s;;;0\n");
}

TEST(PluginLine, SaysWhatIsWrongTheWorstFirst) {
    EXPECT_EQ(
        plugin_line(report_of(busy_line + healthy_line + unhealthy_line + summary_line(1, 1, 1))),
        "CRITICAL - 1 of 3 healthy, 1 unhealthy, 1 busy: 9 first_byte_timeout: It took the request "
        "and said nothing.; 20388 busy: It serves a visitor. | healthy=1;;1:;0;3 "
        "unhealthy=1;;0;0;3 busy=1;0;;0;3 skipped=0;0;;0;3 time=0.012s;;;0\n");
    EXPECT_TRUE(
        plugin_line(report_of(busy_line + summary_line(0, 0, 1))).starts_with("WARNING - "));
}

TEST(PluginLine, StaysOneLineWithOneBarWhateverAWorkerSays) {
    std::string answer;
    for (int pid = 1; pid <= 100; ++pid) {
        answer += R"({"result":{"pid":)" + std::to_string(pid) +
                  R"(,"state":"unhealthy","reason":"bad_status","detail":"x|y=1\n\u001b[0m"}})" +
                  "\n";
    }
    const std::string line = plugin_line(report_of(answer + summary_line(0, 100, 0)));
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 1);
    EXPECT_EQ(line.find('\033'), std::string::npos);
    EXPECT_NE(line.find("1 bad_status: x/y=1"), std::string::npos);
    EXPECT_EQ(display_columns(line.substr(0, line.find(" | "))), 200U);
    EXPECT_NE(line.find("... | healthy=0;;1:;0;100 unhealthy=100;;0;0;100"), std::string::npos);
}

TEST(PluginLine, DoesNotKnowWhereNothingIsChecked) {
    EXPECT_EQ(plugin_line(report_of(summary_line(0, 0, 0))),
              "UNKNOWN - there is no process to check\n");
    EXPECT_EQ(plugin_unknown_line("a | b\nc"), "UNKNOWN - a / b c\n");
}

} // namespace
} // namespace gangway::command
