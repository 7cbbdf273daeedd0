#include "endpoints/health_request.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/look_up.hpp"
#include "support/pool_fake.hpp"

namespace gangway::endpoints {
namespace {

using std::chrono::milliseconds;
using Pids = std::vector<std::int64_t>;

// ---------------------------------------------------------------- the query

Result<check::Check> parse_query(const std::string& query) {
    const std::string target = "/v1/processes/12/health?" + query;
    const auto match = look_up(target);
    return match ? parse_check(match->arguments) : match.error();
}

check::Check check_of(const std::string& query) {
    const auto parsed = parse_query(query);
    if (!parsed) {
        ADD_FAILURE() << query << ": " << parsed.error().detail;
        return {};
    }
    return *parsed;
}

// The detail of the problem; "" when there was none.
std::string complaint_about(const std::string& query) {
    const auto parsed = parse_query(query);
    if (parsed) {
        return "";
    }
    EXPECT_EQ(parsed.error().code, Code::bad_parameter) << query;
    return parsed.error().detail;
}

bool suits(const check::Check& check, std::string_view body) {
    return !check.expectation.check_body(body).has_value();
}

TEST(HealthQuery, OfNothingIsTheDefaultCheck) {
    const check::Check check = check_of("");
    EXPECT_EQ(check.path, "/");
    EXPECT_EQ(check.method, "GET");
    EXPECT_EQ(check.timeout, milliseconds(5000));
    EXPECT_FALSE(check.expectation.needs_body());
}

TEST(HealthQuery, HasAParameterForEachKey) {
    const check::Check check =
        check_of("path=/up%3Ffull%3D1&method=OPTIONS&timeout=2.5&wait=0&route=pool&busy_limit=60"
                 "&status=204,304");
    EXPECT_EQ(check.path, "/up?full=1");
    EXPECT_EQ(check.method, "OPTIONS");
    EXPECT_EQ(check.timeout, milliseconds(2500));
    EXPECT_EQ(check.wait, milliseconds(0));
    EXPECT_EQ(check.route, check::Route::pool);
    EXPECT_EQ(check.busy_limit, milliseconds(60'000));
    EXPECT_FALSE(check.expectation.check_status(304).has_value());
    EXPECT_TRUE(check.expectation.check_status(200).has_value());
}

TEST(HealthQuery, TakesATextAsItIsWhereATextIsMeant) {
    EXPECT_TRUE(suits(check_of("body=200"), "code 200"));
    EXPECT_TRUE(suits(check_of("body=all+is%20well%21"), "all is well!"));
    EXPECT_FALSE(suits(check_of("body=%22OK%22"), "OK"));
    EXPECT_TRUE(suits(check_of("regex=%5Ev%5B0-9%5D%2B%24"), "v12"));
    EXPECT_EQ(check_of("path=/a%2520b").path, "/a%20b");
}

TEST(HealthQuery, TakesAValueAsJsonWhereItIsJsonAndAsATextWhereNot) {
    const std::vector<std::pair<const char*, const char*>> table{
        {"up", R"({"v":"up"})"},
        {"%22up%22", R"({"v":"up"})"},
        {"1", R"({"v":1})"},
        {"%221%22", R"({"v":"1"})"},
        {"true", R"({"v":true})"},
        {"null", R"({"v":null})"},
        {"", R"({"v":""})"},
        {"%5B1%2C2%5D", R"({"v":[1,2]})"},
        {"%7Bno+json", R"({"v":"{no json"})"},
    };
    for (const auto& [value, body] : table) {
        const check::Check check =
            check_of("json_value=" + std::string(value) + "&json_pointer=/v");
        EXPECT_TRUE(suits(check, body)) << value;
        EXPECT_FALSE(suits(check, R"({"v":"something else"})")) << value;
    }
}

TEST(HealthQuery, NamesTheParameterThatIsWrong) {
    const std::vector<std::pair<const char*, const char*>> table{
        {"path=up", "'path' must be "},
        {"path=/a%20b", "'path' must be "},
        {"path=", "'path' must be "},
        {"method=POST", "'method' must be "},
        {"route=any", "'route' must be "},
        {"timeout=0", "'timeout' must be "},
        {"timeout=soon", "'timeout' must be "},
        {"timeout=%222%22", "'timeout' must be "},
        {"timeout=true", "'timeout' must be "},
        {"timeout", "'timeout' must be "},
        {"wait=-1", "'wait' must be "},
        {"wait=3601", "'wait' must be "},
        {"busy_limit=86401", "'busy_limit' must be "},
        {"status=ok", "'status' must be "},
        {"body=", "'body' must be "},
        {"regex=%28", "'regex' "},
        {"json_pointer=up", "'json_pointer' must "},
        {"json_value=1", "'json_value' needs a json_pointer"},
        {"method=HEAD&body=OK", "'method' is HEAD"},
        {"nope=1", "'nope' is not a parameter of this endpoint"},
        {"timeout_seconds=1", "'timeout_seconds' is not a parameter of this endpoint"},
        {"expect=1", "'expect' is not a parameter of this endpoint"},
        {"headers=1", "'headers' is not a parameter of this endpoint"},
        {"path=/a&timeout=1&path=/b", "'path' is given twice."},
        {"status=200&status=200", "'status' is given twice."},
        {"path=%zz", "The query is not percent-encoded correctly."},
        {"path=/%2", "The query is not percent-encoded correctly."},
    };
    for (const auto& [query, begin] : table) {
        const std::string detail = complaint_about(query);
        EXPECT_TRUE(detail.starts_with(begin)) << query << ": " << detail;
        EXPECT_TRUE(detail.ends_with('.')) << query << ": " << detail;
    }
}

// ---------------------------------------------------------------- the body

class HealthRound : public testing::Test {
  protected:
    HealthRound() {
        gangway_group& shop = pool_.add_group("shop", "shop-password-01");
        shop.has_user = 1;
        shop.uid = 1000;
        pool_.add_process(100, "gupid-a");
        pool_.add_process(101, "gupid-b").enabled = GANGWAY_PROCESS_DISABLED;
        pool_.add_process(102, "gupid-old").enabled = GANGWAY_PROCESS_DETACHED;
        pool_.add_group("blog", "blog-password-02");
        pool_.add_process(200, "gupid-c");
        pool_.add_process(201, "7");
        pool_.add_group("empty", "empty-password-03");
    }

    Result<RoundOrder> parse(const std::string& body,
                             const admin::Access& access = admin::Access::full()) {
        auto parsed = parse_round(body);
        return parsed ? choose(std::move(*parsed), access, pool_.snapshot()) : parsed.error();
    }
    RoundOrder order(const std::string& body, const admin::Access& access = admin::Access::full()) {
        auto parsed = parse(body, access);
        if (!parsed) {
            ADD_FAILURE() << body << ": " << parsed.error().detail;
            return {};
        }
        return std::move(*parsed);
    }
    Pids pids(const std::string& body, const admin::Access& access = admin::Access::full()) {
        Pids result;
        for (const pool::Subject& subject : order(body, access).subjects) {
            result.push_back(subject.pid);
        }
        return result;
    }
    std::string code(const std::string& body, const admin::Access& access = admin::Access::full()) {
        const auto parsed = parse(body, access);
        return parsed ? "(no problem)" : std::string(name(parsed.error().code));
    }
    // Of a bad body; "" when there was no problem.
    std::string complaint_about(const std::string& body) {
        const auto parsed = parse(body);
        if (parsed) {
            return "";
        }
        EXPECT_EQ(parsed.error().code, Code::bad_body) << body;
        return parsed.error().detail;
    }

    pool::FakePool pool_;
};

TEST_F(HealthRound, IsOverAllThatTheCallerSeesButWhatIsDetached) {
    for (const char* body : {"", "{}", R"({"path":"/up"})"}) {
        EXPECT_EQ(pids(body), (Pids{100, 101, 200, 201})) << body;
    }
    EXPECT_EQ(pids("", admin::Access::peer()), (Pids{100, 101, 200, 201}));
    EXPECT_EQ(pids("", admin::Access::holder("blog-password-02")), (Pids{200, 201}));
    EXPECT_EQ(pids("", admin::Access::user(1000)), (Pids{100, 101}));
    EXPECT_EQ(pids("", admin::Access::user(1001)), Pids{});
}

TEST_F(HealthRound, SaysWhomEachCheckIsAbout) {
    const auto subjects = order("").subjects;
    ASSERT_EQ(subjects.size(), 4U);
    EXPECT_EQ(subjects[2].pid, 200);
    EXPECT_EQ(subjects[2].gupid, "gupid-c");
    EXPECT_EQ(subjects[2].group, "blog");
}

TEST_F(HealthRound, IsOverTheProcessesOfOneGroup) {
    EXPECT_EQ(pids(R"({"group":"shop"})"), (Pids{100, 101}));
    EXPECT_EQ(pids(R"({"group":"blog"})", admin::Access::holder("blog-password-02")),
              (Pids{200, 201}));
    EXPECT_EQ(pids(R"({"group":"empty"})"), Pids{});
}

TEST_F(HealthRound, HasNoGroupThatIsNotThereOrNotForTheCaller) {
    EXPECT_EQ(code(R"({"group":"nope"})"), "group_not_found");
    EXPECT_EQ(code(R"({"group":""})"), "group_not_found");
    EXPECT_EQ(code(R"({"group":"shop"})", admin::Access::holder("blog-password-02")),
              "group_not_found");
    EXPECT_EQ(code(R"({"group":"blog"})", admin::Access::user(1000)), "group_not_found");
}

TEST_F(HealthRound, IsOverTheProcessesWhosePidOrGupidIsGiven) {
    EXPECT_EQ(pids(R"({"processes":["100"]})"), Pids{100});
    EXPECT_EQ(pids(R"({"processes":[100]})"), Pids{100});
    EXPECT_EQ(pids(R"({"processes":["gupid-c"]})"), Pids{200});
    EXPECT_EQ(pids(R"({"processes":["gupid-c",100,"201"]})"), (Pids{100, 200, 201}));
    EXPECT_EQ(pids(R"({"processes":["100","gupid-a",100]})"), Pids{100}) << "once";
    EXPECT_EQ(pids(R"({"processes":["gupid-old"]})"), Pids{102}) << "detached, and asked for";
    EXPECT_EQ(pids(R"({"processes":["7"]})"), Pids{201}) << "a gupid of digits";
    EXPECT_EQ(pids(R"({"processes":["200"]})", admin::Access::holder("blog-password-02")),
              Pids{200});
}

TEST_F(HealthRound, HasNoProcessThatIsNotThereOrNotForTheCaller) {
    EXPECT_EQ(code(R"({"processes":["999"]})"), "process_not_found");
    EXPECT_EQ(code(R"({"processes":["100","999"]})"), "process_not_found");
    EXPECT_EQ(code(R"({"processes":["GUPID-A"]})"), "process_not_found");
    EXPECT_EQ(code(R"({"processes":[""]})"), "process_not_found");
    EXPECT_EQ(code(R"({"processes":["100"]})", admin::Access::holder("blog-password-02")),
              "process_not_found");
}

TEST_F(HealthRound, HasTheCheckThatIsAskedFor) {
    const RoundOrder made = order(R"({"path":"/up","headers":{"X-A":"1"},"timeout_seconds":2,
        "expect":{"body":"OK"},"concurrency":7,"deadline_seconds":1.5})");
    EXPECT_EQ(made.check.path, "/up");
    EXPECT_EQ(made.check.headers.size(), 1U);
    EXPECT_EQ(made.check.timeout, milliseconds(2000));
    EXPECT_TRUE(suits(made.check, "OK"));
    EXPECT_FALSE(suits(made.check, "no"));
    EXPECT_EQ(made.concurrency, 7U);
    EXPECT_EQ(made.deadline, milliseconds(1500));
}

TEST_F(HealthRound, HasTheDocumentedDefaults) {
    EXPECT_EQ(order("").concurrency, 32U);
    EXPECT_EQ(order("").deadline, milliseconds(30'000));
}

TEST_F(HealthRound, TakesTheEndsOfItsRanges) {
    EXPECT_EQ(order(R"({"concurrency":1})").concurrency, 1U);
    EXPECT_EQ(order(R"({"concurrency":256})").concurrency, 256U);
    EXPECT_EQ(order(R"({"deadline_seconds":0.001})").deadline, milliseconds(1));
    EXPECT_EQ(order(R"({"deadline_seconds":3600})").deadline, milliseconds(3'600'000));
}

TEST_F(HealthRound, NamesTheKeyThatIsWrong) {
    const std::vector<std::pair<const char*, const char*>> table{
        {"no json",
         "The body must be a JSON object, of at most 2000 values, nested 64 times at most."},
        {"{} {}",
         "The body must be a JSON object, of at most 2000 values, nested 64 times at most."},
        {"[]", "The body must be a JSON object, of at most 2000 values, nested 64 times at most."},
        {"null",
         "The body must be a JSON object, of at most 2000 values, nested 64 times at most."},
        {" ", "The body must be a JSON object, of at most 2000 values, nested 64 times at most."},
        {R"({"group":1})", "\"group\" must be "},
        {R"({"group":null})", "\"group\" must be "},
        {R"({"group":["shop"]})", "\"group\" must be "},
        {R"({"processes":"100"})", "\"processes\" must be "},
        {R"({"processes":[]})", "\"processes\" must be "},
        {R"({"processes":{}})", "\"processes\" must be "},
        {R"({"processes":null})", "\"processes\" must be "},
        {R"({"processes":[null]})", "\"processes\" has something that is no pid"},
        {R"({"processes":["100",1.5]})", "\"processes\" has something that is no pid"},
        {R"({"processes":[-100]})", "\"processes\" has something that is no pid"},
        {R"({"processes":[["100"]]})", "\"processes\" has something that is no pid"},
        {R"({"group":"shop","processes":["100"]})",
         "\"group\" and \"processes\" exclude each other."},
        {R"({"concurrency":0})", "\"concurrency\" must be "},
        {R"({"concurrency":257})", "\"concurrency\" must be "},
        {R"({"concurrency":-1})", "\"concurrency\" must be "},
        {R"({"concurrency":1.5})", "\"concurrency\" must be "},
        {R"({"concurrency":"8"})", "\"concurrency\" must be "},
        {R"({"concurrency":true})", "\"concurrency\" must be "},
        {R"({"deadline_seconds":0})", "\"deadline_seconds\" must be "},
        {R"({"deadline_seconds":3601})", "\"deadline_seconds\" must be "},
        {R"({"deadline_seconds":"30"})", "\"deadline_seconds\" must be "},
        {R"({"path":"up"})", "\"path\" must be "},
        {R"({"expect":{"status":"ok"}})", "\"expect.status\" must be "},
        {R"({"headers":{"TE":"trailers"}})", "\"headers\" has a name"},
        {R"({"method":"HEAD","expect":{"body":"OK"}})", "\"method\" is HEAD"},
        {R"({"expect":{"body":"OK"},"method":"HEAD"})", "\"method\" is HEAD"},
        {R"({"Path":"/"})", "\"Path\" is no key of a health check"},
        {R"({"timeout":1})", "\"timeout\" is no key of a health check"},
        {R"({"":1})", "\"\" is no key of a health check"},
    };
    for (const auto& [body, begin] : table) {
        const std::string detail = complaint_about(body);
        EXPECT_TRUE(detail.starts_with(begin)) << body << ": " << detail;
        EXPECT_TRUE(detail.ends_with('.')) << body << ": " << detail;
    }
}

// Before a document is made of it, which takes 50 times its room.
TEST_F(HealthRound, RefusesWhatWouldMakeALargeDocument) {
    std::string many = R"({"expect":{"json_pointer":"","json_value":[0)";
    for (int i = 0; i < 2000; i++) {
        many += ",0";
    }
    const std::string_view refusal = "The body must be a JSON object, of at most 2000 values";
    EXPECT_TRUE(complaint_about(many + "]}}").starts_with(refusal));
    const std::string deep = std::string(65, '[') + std::string(65, ']');
    EXPECT_TRUE(complaint_about(R"({"path":)" + deep + "}").starts_with(refusal));
}

// It would be compiled first.
TEST_F(HealthRound, RefusesALongRegularExpression) {
    EXPECT_TRUE(complaint_about(R"({"expect":{"regex":")" + std::string(257, 'a') + "\"}}")
                    .find("is too large a regular expression") != std::string::npos);
}

TEST_F(HealthRound, TakesAsManyIdsAsABodyMayHaveValues) {
    std::string ids = "100";
    for (std::size_t i = 1; i < 1900; i++) {
        ids += ",100";
    }
    EXPECT_EQ(pids(R"({"processes":[)" + ids + "]}"), (Pids{100}));
}

} // namespace
} // namespace gangway::endpoints
