#include "watch/plan.hpp"

#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/json.h>
#include <re2/re2.h>

#include "config/config.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/command_line.hpp"
#include "support/temporary_directory.hpp"

namespace gangway::watch {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

Json::Value json(const std::string& text) {
    Json::Value value;
    std::string errors;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &errors)) << errors;
    return value;
}

std::vector<Plan> good(const std::string& text) {
    auto parsed = parse_plans(json(text));
    if (!parsed) {
        ADD_FAILURE() << parsed.error().front().line();
        return std::vector<Plan>(1);
    }
    return *std::move(parsed);
}

std::vector<check::KeyComplaint> all_bad(const std::string& text) {
    const auto parsed = parse_plans(json(text));
    if (parsed) {
        ADD_FAILURE() << "was accepted: " << text;
        return {{}};
    }
    return parsed.error();
}

check::KeyComplaint bad(const std::string& text) {
    auto complaints = all_bad(text);
    EXPECT_EQ(complaints.size(), 1U) << text;
    return complaints.front();
}

TEST(HealthPlans, AreToldAllThatIsWrong) {
    std::string keys;
    for (const check::KeyComplaint& complaint :
         all_bad(R"([{"group": "a", "path": "up", "rise": 0}, 7, {"expect": {"regex": "("}},
                     {"group": "a", "method": "HEAD", "expect": {"body": "x"}}])")) {
        keys += complaint.key + " ";
    }
    EXPECT_EQ(keys, "health[0].path health[0].rise health[1] health[2].expect.regex "
                    "health[2].group health[3].method health[3].group ");
}

TEST(HealthPlan, HasTheDocumentedDefaults) {
    const std::vector<Plan> plans = good(R"([{"group": "shop"}])");
    ASSERT_EQ(plans.size(), 1U);
    const Plan& plan = plans.front();
    EXPECT_EQ(plan.group, "shop");
    EXPECT_EQ(plan.check.path, "/");
    EXPECT_EQ(plan.check.method, "GET");
    EXPECT_TRUE(plan.check.headers.empty());
    EXPECT_EQ(plan.check.route, check::Route::automatic);
    EXPECT_EQ(plan.check.timeout, milliseconds(2'000));
    EXPECT_EQ(plan.check.wait, milliseconds(0));
    EXPECT_EQ(plan.check.busy_limit, milliseconds(60'000));
    EXPECT_THAT(plan.check.expectation.statuses, ElementsAre(check::StatusRange{200, 399}));
    EXPECT_FALSE(plan.check.expectation.needs_body());
    EXPECT_EQ(plan.interval, milliseconds(10'000));
    EXPECT_EQ(plan.jitter_percent, 10U);
    EXPECT_EQ(plan.thresholds.rise, 2U);
    EXPECT_EQ(plan.thresholds.fall, 3U);
    EXPECT_EQ(plan.slow_start, milliseconds(0));
    EXPECT_FALSE(plan.ejection.enabled);
    EXPECT_FALSE(plan.ejection.dry_run);
    EXPECT_EQ(plan.ejection.max_percent, 10U);
    EXPECT_EQ(plan.ejection.min_healthy, 1U);
    EXPECT_EQ(plan.ejection.cool_down, milliseconds(60'000));
    EXPECT_EQ(plan.kill_after, milliseconds(30'000));
}

TEST(HealthPlan, TakesEveryDocumentedKey) {
    const std::vector<Plan> plans = good(R"~([{"group": "/srv/shop (production)",
        "path": "/health?deep=1", "method": "OPTIONS", "headers": {"Host": "shop", "X-Why": ""},
        "interval_seconds": 0.5, "jitter_percent": 100, "timeout_seconds": 1.25,
        "wait_seconds": 0.1, "route": "pool", "busy_limit_seconds": 0, "rise": 1, "fall": 100,
        "slow_start_seconds": 86400, "expect": {"status": "200-299,304", "body": "ok",
        "regex": "^o", "json_pointer": "/status", "json_value": "up"}, "on_unhealthy": "detach",
        "kill_after_seconds": 0, "max_ejection_percent": 50, "min_healthy": 0,
        "cool_down_seconds": 0, "dry_run": true}])~");
    const Plan& plan = plans.front();
    EXPECT_EQ(plan.group, "/srv/shop (production)");
    EXPECT_EQ(plan.check.path, "/health?deep=1");
    EXPECT_EQ(plan.check.method, "OPTIONS");
    EXPECT_THAT(plan.check.headers, ElementsAre(Pair("Host", "shop"), Pair("X-Why", "")));
    EXPECT_EQ(plan.check.route, check::Route::pool);
    EXPECT_EQ(plan.check.timeout, milliseconds(1'250));
    EXPECT_EQ(plan.check.wait, milliseconds(100));
    EXPECT_EQ(plan.check.busy_limit, milliseconds(0));
    EXPECT_THAT(plan.check.expectation.statuses,
                ElementsAre(check::StatusRange{200, 299}, check::StatusRange{304, 304}));
    EXPECT_EQ(plan.check.expectation.body, "ok");
    ASSERT_NE(plan.check.expectation.regex, nullptr);
    EXPECT_EQ(plan.check.expectation.regex->pattern(), "^o");
    ASSERT_TRUE(plan.check.expectation.json.has_value());
    EXPECT_EQ(plan.check.expectation.json->value, Json::Value("up"));
    EXPECT_EQ(plan.interval, milliseconds(500));
    EXPECT_EQ(plan.jitter_percent, 100U);
    EXPECT_EQ(plan.thresholds.rise, 1U);
    EXPECT_EQ(plan.thresholds.fall, 100U);
    EXPECT_EQ(plan.slow_start, milliseconds(86'400'000));
    EXPECT_TRUE(plan.ejection.enabled);
    EXPECT_TRUE(plan.ejection.dry_run);
    EXPECT_EQ(plan.ejection.max_percent, 50U);
    EXPECT_EQ(plan.ejection.min_healthy, 0U);
    EXPECT_EQ(plan.ejection.cool_down, milliseconds(0));
    EXPECT_EQ(plan.kill_after, milliseconds(0));
}

TEST(HealthPlan, TakesNoneForNothingAndOneForEachGroup) {
    EXPECT_TRUE(good("[]").empty());
    const auto plans = good(R"([{"group": "b"}, {"group": "*", "path": "/x"}, {"group": "a"}])");
    ASSERT_EQ(plans.size(), 3U);
    EXPECT_EQ(plans[0].group, "b");
    EXPECT_EQ(plans[1].group, "*");
    EXPECT_EQ(plans[1].check.path, "/x");
    EXPECT_EQ(plans[2].check.path, "/") << "a plan has what the one before was given";
}

struct BadValue {
    const char* key;
    const char* value;
};

void PrintTo(const BadValue& bad, std::ostream* out) {
    *out << bad.key << ": " << bad.value;
}

class BadPlanValue : public testing::TestWithParam<BadValue> {};

TEST_P(BadPlanValue, IsRefusedWithTheKeyNamed) {
    const auto& [key, value] = GetParam();
    const std::string group = std::string(key) == "group" ? "" : R"("group": "shop", )";
    const check::KeyComplaint complaint = bad("[{" + group + "\"" + key + "\": " + value + "}]");
    EXPECT_THAT(complaint.key, StartsWith(std::string("health[0].") + key));
    EXPECT_THAT(complaint.line(), StartsWith("\"" + complaint.key + "\" "));
    EXPECT_FALSE(complaint.text.empty());
    EXPECT_EQ(complaint.line().find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadPlanValue,
    testing::Values(
        BadValue{"group", "\"\""}, BadValue{"group", "7"}, BadValue{"group", "null"},
        BadValue{"group", "[\"shop\"]"}, BadValue{"path", "\"health\""}, BadValue{"path", "\"\""},
        BadValue{"path", "\"/a b\""}, BadValue{"path", "\"/a#b\""},
        BadValue{"path", "\"/\\u00e9\""}, BadValue{"path", "\"/a\\r\\nX: y\""},
        BadValue{"path", "\"http://host/\""}, BadValue{"path", "1"}, BadValue{"method", "\"POST\""},
        BadValue{"method", "\"get\""}, BadValue{"method", "null"}, BadValue{"headers", "[]"},
        BadValue{"headers", "{\"X-A\": 1}"}, BadValue{"headers", "{\"X A\": \"b\"}"},
        BadValue{"headers", "{\"\": \"b\"}"}, BadValue{"headers", "{\"X-A\": \"b\\nc\"}"},
        BadValue{"headers", "{\"content-length\": \"3\"}"},
        BadValue{"headers", "{\"Connection\": \"close\"}"},
        BadValue{"headers", "{\"!~Password\": \"x\"}"}, BadValue{"interval_seconds", "0"},
        BadValue{"interval_seconds", "0.0001"}, BadValue{"interval_seconds", "-1"},
        BadValue{"interval_seconds", "86401"}, BadValue{"interval_seconds", "\"10\""},
        BadValue{"interval_seconds", "true"}, BadValue{"interval_seconds", "null"},
        BadValue{"jitter_percent", "101"}, BadValue{"jitter_percent", "-1"},
        BadValue{"jitter_percent", "1.5"}, BadValue{"jitter_percent", "\"10\""},
        BadValue{"timeout_seconds", "0"}, BadValue{"timeout_seconds", "3601"},
        BadValue{"timeout_seconds", "{}"}, BadValue{"wait_seconds", "-0.1"},
        BadValue{"wait_seconds", "3601"}, BadValue{"wait_seconds", "\"\""},
        BadValue{"route", "\"Pool\""}, BadValue{"route", "\"\""}, BadValue{"route", "0"},
        BadValue{"busy_limit_seconds", "-1"}, BadValue{"busy_limit_seconds", "86401"},
        BadValue{"busy_limit_seconds", "false"}, BadValue{"rise", "0"}, BadValue{"rise", "101"},
        BadValue{"rise", "18446744073709551615"}, BadValue{"rise", "-2"}, BadValue{"rise", "2.5"},
        BadValue{"rise", "\"2\""}, BadValue{"rise", "true"}, BadValue{"fall", "0"},
        BadValue{"fall", "101"}, BadValue{"fall", "4294967299"}, BadValue{"fall", "1e30"},
        BadValue{"fall", "null"}, BadValue{"slow_start_seconds", "-1"},
        BadValue{"slow_start_seconds", "86401"}, BadValue{"slow_start_seconds", "\"0\""},
        BadValue{"expect", "\"200\""}, BadValue{"expect", "null"}, BadValue{"expect", "[]"},
        BadValue{"on_unhealthy", "\"kill\""}, BadValue{"on_unhealthy", "true"},
        BadValue{"on_unhealthy", "\"\""}, BadValue{"kill_after_seconds", "-1"},
        BadValue{"kill_after_seconds", "86401"}, BadValue{"kill_after_seconds", "null"},
        BadValue{"max_ejection_percent", "0"}, BadValue{"max_ejection_percent", "101"},
        BadValue{"max_ejection_percent", "\"10%\""}, BadValue{"min_healthy", "-1"},
        BadValue{"min_healthy", "65537"}, BadValue{"min_healthy", "0.5"},
        BadValue{"cool_down_seconds", "-1"}, BadValue{"cool_down_seconds", "86401"},
        BadValue{"cool_down_seconds", "\"60\""}, BadValue{"dry_run", "1"},
        BadValue{"dry_run", "\"true\""}, BadValue{"dry_run", "null"}, BadValue{"interval", "10"},
        BadValue{"Path", "\"/\""}, BadValue{"", "1"}));

class BadExpectation : public testing::TestWithParam<BadValue> {};

TEST_P(BadExpectation, IsRefusedWithTheKeyNamedToItsEnd) {
    const auto& [key, value] = GetParam();
    const check::KeyComplaint complaint =
        bad(std::string(R"([{"group": "shop", "expect": {")") + key + "\": " + value + "}}]");
    EXPECT_EQ(complaint.key, std::string("health[0].expect.") + key);
    EXPECT_FALSE(complaint.text.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadExpectation,
    testing::Values(BadValue{"status", "200"}, BadValue{"status", "\"\""},
                    BadValue{"status", "\"299-200\""}, BadValue{"status", "\"99\""},
                    BadValue{"status", "\"200, 201\""}, BadValue{"body", "\"\""},
                    BadValue{"body", "1"}, BadValue{"regex", "\"(\""}, BadValue{"regex", "\"\""},
                    BadValue{"regex", "\"(?=a)\""}, BadValue{"regex", "[]"},
                    BadValue{"json_pointer", "\"status\""}, BadValue{"json_pointer", "\"/~2\""},
                    BadValue{"json_pointer", "null"}, BadValue{"json_value", "\"up\""},
                    BadValue{"text", "\"ok\""}));

TEST(HealthPlan, NamesTheHeaderWhoseValueIsWrong) {
    EXPECT_EQ(bad(R"([{"group": "shop", "headers": {"X-A": 1}}])").key, "health[0].headers.X-A");
}

TEST(HealthPlan, NamesTheEntryThatIsMeant) {
    EXPECT_EQ(bad(R"([{"group": "a"}, {"group": "b", "fall": 0}])").key, "health[1].fall");
    EXPECT_EQ(bad(R"([{"group": "a"}, 7])").key, "health[1]");
    EXPECT_EQ(bad(R"([{"group": "a"}, []])").key, "health[1]");
}

TEST(HealthPlan, NeedsAListOfObjects) {
    for (const char* text : {"{}", R"({"group": "a"})", "\"a\"", "null", "true", "1"}) {
        EXPECT_EQ(bad(text).key, "health") << text;
    }
}

TEST(HealthPlan, NeedsAGroup) {
    const check::KeyComplaint complaint = bad(R"([{"path": "/"}])");
    EXPECT_EQ(complaint.key, "health[0].group");
    EXPECT_EQ(bad("[{}]").key, "health[0].group");
}

TEST(HealthPlan, RefusesAGroupThatIsThereTwice) {
    EXPECT_EQ(bad(R"([{"group": "a"}, {"group": "b"}, {"group": "a"}])").key, "health[2].group");
    EXPECT_EQ(bad(R"([{"group": "*"}, {"group": "*"}])").key, "health[1].group");
}

TEST(HealthPlan, RefusesToLookForTextInTheAnswerToHead) {
    const check::KeyComplaint complaint =
        bad(R"([{"group": "a", "method": "HEAD", "expect": {"body": "ok"}}])");
    EXPECT_EQ(complaint.key, "health[0].method");
    good(R"([{"group": "a", "method": "HEAD", "expect": {"status": "204"}}])");
}

TEST(FindPlan, GivesTheOneThatNamesTheGroupElseThatOfAll) {
    const auto plans = good(R"([{"group": "a"}, {"group": "*"}, {"group": "b"}])");
    EXPECT_EQ(find_plan(plans, "a"), &plans[0]);
    EXPECT_EQ(find_plan(plans, "b"), &plans[2]);
    EXPECT_EQ(find_plan(plans, "c"), &plans[1]);
    EXPECT_EQ(find_plan(plans, ""), &plans[1]);
}

TEST(FindPlan, GivesNoneForAGroupThatIsNotNamed) {
    const auto plans = good(R"([{"group": "a"}])");
    EXPECT_EQ(find_plan(plans, "b"), nullptr);
    EXPECT_EQ(find_plan(plans, "A"), nullptr);
    EXPECT_EQ(find_plan({}, "a"), nullptr);
}

TEST(ConfigOfHealth, IsEmptyUnlessItIsGiven) {
    const auto parsed = config::parse("{}");
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->health.empty());
}

TEST(ConfigOfHealth, HasThePlans) {
    const auto parsed = config::parse(R"({"health": [{"group": "*", "path": "/up"}]})");
    ASSERT_TRUE(parsed);
    const auto& plans = parsed->health;
    ASSERT_EQ(plans.size(), 1U);
    EXPECT_EQ(plans.front().check.path, "/up");
}

TEST(ConfigOfHealth, NamesTheKeyThatIsWrong) {
    const auto parsed = config::parse(R"({"health": [{"group": "*", "path": "up"}]})");
    ASSERT_FALSE(parsed);
    const config::Error error = parsed.error().front();
    EXPECT_EQ(error.key, "health[0].path");
    EXPECT_THAT(error.message, StartsWith(R"("health[0].path" must be )"));
}

// What `gangway check-config` says about a file with this text.
std::string check_config(const std::string& text, int& exit_code) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "gangway.json";
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    const std::vector<const char*> arguments{"gangway", "check-config", path.c_str()};
    testing::internal::CaptureStdout();
    exit_code = command::run_command_line(static_cast<int>(arguments.size()), arguments.data());
    return testing::internal::GetCapturedStdout();
}

TEST(CheckConfigOfHealth, SaysWhatTheAgentWould) {
    int exit_code = -1;
    EXPECT_THAT(check_config(R"({"health": [{"group": "*"}]})", exit_code), EndsWith(": ok\n"));
    EXPECT_EQ(exit_code, static_cast<int>(command::ExitCode::ok));
    EXPECT_THAT(
        check_config(R"({"health": [{"group": "*", "expect": {"regex": "("}}]})", exit_code),
        AllOf(HasSubstr("\"health[0].expect.regex\" "), EndsWith("\n")));
    EXPECT_THAT(
        check_config(R"({"wait_seconds": -1, "health": [{"path": "x"}], "no": 1})", exit_code),
        AllOf(HasSubstr("\"wait_seconds\" must"), HasSubstr("\"health[0].path\" must"),
              HasSubstr("\"health[0].group\" must"), HasSubstr("unknown key \"no\"")));
    EXPECT_EQ(exit_code, static_cast<int>(command::ExitCode::bad_answer));
}

} // namespace
} // namespace gangway::watch
