#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/commands/health/options.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gangway::command {
namespace {

// The options of a command line without the program's name and the subcommand's.
HealthOptions parsed(std::vector<std::string> arguments) {
    CLI::App app;
    HealthOptions options;
    declare_health_options(app, options);
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
    app.parse(arguments);
    collect_repeated_options(app, options);
    return options;
}

bool is_refused(const std::vector<std::string>& arguments) {
    try {
        static_cast<void>(parsed(arguments));
    } catch (const CLI::ParseError&) {
        return true;
    }
    return false;
}

std::string body_of(const std::vector<std::string>& arguments) {
    const HealthOptions options = parsed(arguments);
    return json_line(health_body(options, process_ids(options)));
}

std::string fault_of(const std::vector<std::string>& arguments, bool json = false) {
    return fault_of_health_options(parsed(arguments), json).value_or("");
}

// What health_body() has against the options; "" for nothing.
std::string body_fault_of(const std::vector<std::string>& arguments) {
    try {
        static_cast<void>(body_of(arguments));
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
        return failure.what();
    }
    return {};
}

TEST(HealthBody, SaysNothingThatWasNotSaid) {
    EXPECT_EQ(body_of({"--all"}), "{}");
}

TEST(HealthBody, NamesTheProcessesAndThePathInAnyOrder) {
    const std::string expected = R"({"path":"/ping?x=1","processes":["20387","1a2b3c4-XyZ"]})";
    EXPECT_EQ(body_of({"20387", "1a2b3c4-XyZ", "/ping?x=1"}), expected);
    EXPECT_EQ(body_of({"/ping?x=1", "20387", "1a2b3c4-XyZ"}), expected);
    EXPECT_EQ(body_of({"20387", "1a2b3c4-XyZ", "--path", "/ping?x=1"}), expected);
    EXPECT_EQ(body_of({"--group", "/srv/shop (production)", "/up"}),
              R"~({"group":"/srv/shop (production)","path":"/up"})~");
}

TEST(HealthBody, HasAMemberForEachOption) {
    EXPECT_EQ(body_of({"--all", "--method", "OPTIONS", "--route", "direct", "--timeout", "2.5",
                       "--wait", "0", "--busy-limit", "30", "--deadline", "60", "--concurrency",
                       "8", "-H", "X-A: 1", "--header", "X-B;"}),
              R"({"busy_limit_seconds":30.0,"concurrency":8,"deadline_seconds":60.0,)"
              R"("headers":{"X-A":"1","X-B":""},"method":"OPTIONS","route":"direct",)"
              R"("timeout_seconds":2.5,"wait_seconds":0.0})");
    EXPECT_EQ(body_of({"--all", "--status", "200-299,304", "--body", "it's up", "--regex", "^ok$",
                       "--json-pointer", "/a/0", "--json-value", "ok"}),
              R"({"expect":{"body":"it's up","json_pointer":"/a/0","json_value":"ok",)"
              R"("regex":"^ok$","status":"200-299,304"}})");
}

TEST(HealthBody, TakesTextsThatLookLikeJsonAsTheyAre) {
    EXPECT_EQ(body_of({"--all", "--body", "[1,2]", "--regex", "{}"}),
              R"({"expect":{"body":"[1,2]","regex":"{}"}})");
    EXPECT_EQ(body_of({"--all", "--json-pointer", "", "--json-value", "[1,{}]"}),
              R"({"expect":{"json_pointer":"","json_value":[1,{}]}})");
    EXPECT_EQ(body_of({"--all", "-H", "X-A: [1,2]", "-H", "X-B: {}"}),
              R"({"headers":{"X-A":"[1,2]","X-B":"{}"}})");
}

TEST(HealthBody, RefusesWhatNamesNoProcessPathOrHeader) {
    EXPECT_NE(body_fault_of({"1/2"}).find("'1/2' is no process"), std::string::npos);
    EXPECT_NE(body_fault_of({"1", "/a b"}).find("%20"), std::string::npos);
    EXPECT_NE(body_fault_of({"1", "--path", "x"}).find("start with '/'"), std::string::npos);
    EXPECT_NE(body_fault_of({"1", "-H", "X-A"}), "");
    EXPECT_NE(body_fault_of({"1", "-H", "X-A:"}).find("no value"), std::string::npos);
    EXPECT_NE(body_fault_of({"1", "-H", "X-A: 1", "-H", "x-a: 2"}).find("twice"),
              std::string::npos);
}

TEST(FaultOfCheck, IsWhatTheAgentWouldRefuseInTheWordsOfTheCommandLine) {
    const auto fault = [](const std::vector<std::string>& arguments) {
        const HealthOptions options = parsed(arguments);
        return fault_of_check(health_body(options, process_ids(options))).value_or("");
    };
    EXPECT_EQ(fault({"1", "/up", "--status", "200-299,304", "--regex", "^ok$", "-H", "X-A: 1"}),
              "");
    EXPECT_TRUE(fault({"1", "--status", "999"}).starts_with("--status "));
    EXPECT_TRUE(fault({"1", "--regex", "("}).starts_with("--regex "));
    EXPECT_TRUE(fault({"1", "--json-pointer", "a"}).starts_with("--json-pointer "));
    EXPECT_TRUE(fault({"1", "-H", "client_id: 7"}).starts_with("--header has a name "));
}

TEST(JsonOrString, TakesForJsonWhatIsOneValue) {
    EXPECT_EQ(json_or_string("200"), Json::Value(200));
    EXPECT_EQ(json_or_string("true"), Json::Value(true));
    EXPECT_EQ(json_or_string("null"), Json::Value());
    EXPECT_EQ(json_or_string(R"("ok")"), Json::Value("ok"));
    EXPECT_EQ(json_or_string(R"({"a":1})")["a"], Json::Value(1));
    for (const char* text : {"", "ok", "1,2", "1],[2", "]", "[1", "/* x */", "True"}) {
        EXPECT_EQ(json_or_string(text), Json::Value(text)) << text;
    }
}

TEST(FaultOfHealthOptions, AsksForExactlyOneWayToNameProcesses) {
    EXPECT_EQ(fault_of({"1"}), "");
    EXPECT_EQ(fault_of({"--group", "shop", "/up"}), "");
    EXPECT_EQ(fault_of({"--all"}), "");
    EXPECT_NE(fault_of({}).find("say which processes"), std::string::npos);
    EXPECT_NE(fault_of({"/up"}).find("say which processes"), std::string::npos);
    EXPECT_NE(fault_of({"1", "--group", "shop"}).find("IDs"), std::string::npos);
    EXPECT_NE(fault_of({"1", "--all"}).find("IDs"), std::string::npos);
    EXPECT_NE(fault_of({"--group", "shop", "--all"}).find("leave out one"), std::string::npos);
}

TEST(FaultOfHealthOptions, TakesOnePath) {
    EXPECT_NE(fault_of({"1", "/a", "/b"}).find("'/a' and '/b'"), std::string::npos);
    EXPECT_NE(fault_of({"1", "/a", "--path", "/b"}).find("'/a' and '/b'"), std::string::npos);
}

TEST(FaultOfHealthOptions, WantsAPointerToAValueAndNoBodyOfHead) {
    EXPECT_EQ(fault_of({"1", "--json-pointer", "/a"}), "");
    EXPECT_NE(fault_of({"1", "--json-value", "1"}).find("--json-pointer"), std::string::npos);
    EXPECT_EQ(fault_of({"1", "--json-pointer", "/a", "--json-value", "1"}), "");
    for (const char* option : {"--body", "--regex"}) {
        EXPECT_NE(fault_of({"1", "--method", "HEAD", option, "x"}).find("HEAD"), std::string::npos);
    }
    EXPECT_EQ(fault_of({"1", "--method", "HEAD", "--status", "204"}), "");
}

TEST(FaultOfHealthOptions, LetsMonitoringHaveItsLineAlone) {
    EXPECT_EQ(fault_of({"--all", "--nagios"}), "");
    EXPECT_NE(fault_of({"--all", "--nagios"}, true).find("--json"), std::string::npos);
    EXPECT_NE(fault_of({"--all", "--nagios", "--watch"}).find("--watch"), std::string::npos);
    EXPECT_EQ(fault_of({"--all", "--watch"}, true), "");
}

TEST(HealthBody, TakesAPointerWithoutAValueAsTheApiDoes) {
    EXPECT_EQ(body_of({"--all", "--json-pointer", "/up"}), R"({"expect":{"json_pointer":"/up"}})");
}

TEST(ProcessIds, AreTheArgumentsThatAreNoPathEachOnce) {
    EXPECT_EQ(process_ids(parsed({"2", "/up", "1", "2"})), (std::vector<std::string>{"2", "1"}));
}

// What is wrong with -w and -c; "" for nothing.
std::string threshold_fault_of(const std::vector<std::string>& arguments) {
    try {
        static_cast<void>(thresholds_of(parsed(arguments)));
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
        return failure.what();
    }
    return {};
}

TEST(ThresholdsOf, SayWhichOptionIsWrong) {
    EXPECT_EQ(threshold_fault_of({"--all", "-w", "busy=5", "-c", "queue=10", "--critical=time=2"}),
              "");
    EXPECT_TRUE(threshold_fault_of({"--all", "-w", "busy"}).starts_with("--warning: 'busy' is "));
    EXPECT_TRUE(
        threshold_fault_of({"--all", "-c", "queue=ten"}).starts_with("--critical: 'ten' is no "));
}

TEST(FaultOfHealthOptions, TakesThresholdsForMonitoringAlone) {
    EXPECT_NE(fault_of({"--all", "-w", "busy=5"}).find("--nagios"), std::string::npos);
    EXPECT_NE(fault_of({"--all", "-c", "busy=5"}).find("--nagios"), std::string::npos);
    EXPECT_EQ(fault_of({"--all", "--nagios", "-w", "busy=5"}), "");
}

TEST(HealthOptions, WatchEveryTwoSecondsUnlessToldOtherwise) {
    EXPECT_EQ(parsed({"--all"}).watch_seconds, std::nullopt);
    EXPECT_EQ(parsed({"--all", "--watch"}).watch_seconds, 2);
    EXPECT_EQ(parsed({"--watch", "--all"}).watch_seconds, 2);
    EXPECT_EQ(parsed({"--all", "--watch", "0.5"}).watch_seconds, 0.5);
    EXPECT_EQ(parsed({"--watch=10", "1", "/up"}).watch_seconds, 10);
    EXPECT_EQ(parsed({"--watch=10", "1", "/up"}).arguments, (std::vector<std::string>{"1", "/up"}));
}

TEST(HealthOptions, AreRefusedOutOfTheirRange) {
    for (const char* option : {"--timeout", "--wait", "--busy-limit", "--deadline", "--watch"}) {
        EXPECT_TRUE(is_refused({"1", option, "x"})) << option;
        EXPECT_TRUE(is_refused({"1", option, "86401"})) << option;
    }
    EXPECT_TRUE(is_refused({"1", "--timeout", "0"}));
    EXPECT_TRUE(is_refused({"1", "--concurrency", "0"}));
    EXPECT_TRUE(is_refused({"1", "--method", "POST"}));
    EXPECT_TRUE(is_refused({"1", "--route", "any"}));
    EXPECT_FALSE(is_refused({"1", "--wait", "0", "--busy-limit", "0"}));
}

} // namespace
} // namespace gangway::command
