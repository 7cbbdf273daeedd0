#include "endpoints/health_state.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/json.h>

#include "support/look_up.hpp"
#include "support/pool_fake.hpp"

namespace gangway::endpoints {
namespace {

using namespace std::chrono_literals;
using check::Reason;
using check::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;
using watch::Member;

constexpr std::uint64_t now_usec = 1'795'414'034'000'000;
constexpr watch::Watch::Time start{};

Json::Value json(const std::string& text) {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, nullptr)) << text;
    return value;
}

// Two groups that are checked, "shop" with three processes and "blog" with one, and one that is
// not, "wiki".
class HealthState : public testing::Test {
  protected:
    HealthState() {
        watch::Plan shop;
        shop.group = "shop";
        shop.interval = 10s;
        shop.check.path = "/health?deep=1";
        shop.thresholds = {2, 1};
        shop.ejection.enabled = true;
        shop.ejection.dry_run = true;
        watch::Plan blog;
        blog.group = "blog";
        blog.interval = 500ms;
        plans_ = {shop, blog};

        gangway_group& group = pool_.add_group("shop", "shop-password");
        group.has_user = 1;
        group.uid = 1000;
        pool_.add_process(100, "s-1");
        pool_.add_process(101, "s-2");
        pool_.add_process(102, "s-3");
        pool_.add_group("blog", "blog-password");
        pool_.add_process(200, "b-1");
        pool_.add_group("wiki", "wiki-password");
        pool_.add_process(300, "w-1");
        for (const Member& member : census_.update(pool_.snapshot()).attached) {
            watch_.attach(member, false, start, now_usec);
        }
    }

    void check(const std::string& group, const std::string& gupid, bool healthy,
               std::uint64_t at = now_usec) {
        check::Result result;
        result.verdict = healthy ? Verdict::healthy : Verdict::unhealthy;
        result.reason = healthy ? Reason::none : Reason::bad_status;
        result.detail = healthy ? "" : "It answers 500.";
        result.status = healthy ? 200 : 500;
        result.latency = 1'234us;
        result.body_bytes = 12;
        result.route = "pool";
        result.checked_at_usec = at;
        const auto outcome = watch_.add({group, gupid, nullptr}, result, start, start, at);
        if (outcome && outcome->decision && outcome->decision->action != watch::Action::refuse) {
            watch_.note_ejection(group, gupid, start, at);
        }
    }

    Result<std::string> list(const std::string& query,
                             const admin::Access& access = admin::Access::full()) {
        const std::string target = "/v1/health?" + query;
        const auto match = look_up(target, access);
        if (!match) {
            return match.error();
        }
        HealthListing rows(match->arguments, access, watch_, census_, now_usec);
        while (rows.write(1)) { // As it comes out however few are written at a time.
        }
        return rows.take();
    }
    Json::Value listed(const std::string& query = "",
                       const admin::Access& access = admin::Access::full()) {
        const auto document = list(query, access);
        if (!document) {
            ADD_FAILURE() << document.error().detail;
            return {};
        }
        return json(*document);
    }
    static std::vector<std::string> each(const Json::Value& rows, const char* member) {
        std::vector<std::string> result;
        for (const Json::Value& row : rows) {
            result.push_back(row[member].asString());
        }
        return result;
    }

    Result<Liveness> look(const std::string& query,
                          const admin::Access& access = admin::Access::full()) {
        const std::string target = "/v1/health/live?" + query;
        const auto match = look_up(target, access);
        return match ? look_alive(match->arguments, access, watch_, census_) : match.error();
    }
    Liveness liveness(const std::string& query,
                      const admin::Access& access = admin::Access::full()) {
        const auto answer = look(query, access);
        if (!answer) {
            ADD_FAILURE() << answer.error().detail;
            return {};
        }
        return *answer;
    }
    template <typename Answer>
    static std::string code(const Answer& answer) {
        return answer ? "(no problem)" : std::string(name(answer.error().code));
    }
    template <typename Answer>
    static std::string detail(const Answer& answer) {
        return answer ? "(no problem)" : answer.error().detail;
    }

    pool::FakePool pool_;
    std::vector<watch::Plan> plans_;
    watch::Watch watch_{plans_, [] { return 0U; }};
    watch::Census census_;
};

using ListHealth = HealthState;
using LookAlive = HealthState;

TEST_F(ListHealth, ShowsTheGroupsThatAreCheckedAndTheirProcesses) {
    const Json::Value document = listed();
    EXPECT_EQ(document["taken_at"].asString(), "2026-11-23T06:07:14.000000Z");
    EXPECT_THAT(each(document["groups"], "name"), ElementsAre("blog", "shop"));
    EXPECT_THAT(each(document["processes"], "gupid"), ElementsAre("b-1", "s-1", "s-2", "s-3"));
}

TEST_F(ListHealth, TellsHowAGroupIsChecked) {
    const Json::Value shop = listed("group=shop")["groups"][0];
    EXPECT_EQ(shop["path"].asString(), "/health?deep=1");
    EXPECT_EQ(shop["interval_seconds"].asDouble(), 10.0);
    EXPECT_EQ(shop["rise"].asInt(), 2);
    EXPECT_EQ(shop["fall"].asInt(), 1);
    EXPECT_EQ(shop["ejections"]["on_unhealthy"].asString(), "detach");
    EXPECT_TRUE(shop["ejections"]["dry_run"].asBool());
    const Json::Value blog = listed("group=blog")["groups"][0];
    EXPECT_EQ(blog["interval_seconds"].asDouble(), 0.5);
    EXPECT_EQ(blog["ejections"]["on_unhealthy"].asString(), "none");
    EXPECT_FALSE(blog["ejections"]["dry_run"].asBool());
}

TEST_F(ListHealth, CountsStandingsAndEjections) {
    check("shop", "s-1", true);
    check("shop", "s-2", false);
    const Json::Value one = listed("group=shop")["groups"][0];
    EXPECT_EQ(one["total"].asInt(), 3);
    EXPECT_EQ(one["healthy"].asInt(), 1);
    EXPECT_EQ(one["unhealthy"].asInt(), 1);
    EXPECT_EQ(one["unknown"].asInt(), 1);
    check("shop", "s-3", false);
    const Json::Value shop = listed("group=shop")["groups"][0];
    EXPECT_EQ(shop["unhealthy"].asInt(), 2);
    EXPECT_EQ(shop["ejections"]["done"].asInt(), 1);
    EXPECT_EQ(shop["ejections"]["refused"].asInt(), 1);
    EXPECT_EQ(shop["ejections"]["last_at"].asString(), "2026-11-23T06:07:14.000000Z");
    EXPECT_TRUE(listed("group=blog")["groups"][0]["ejections"]["last_at"].isNull());
}

TEST_F(ListHealth, TellsOfAProcessThatWasNotCheckedYetThatItIsUnknown) {
    const Json::Value process = listed("group=blog")["processes"][0];
    EXPECT_EQ(process["pid"].asInt(), 200);
    EXPECT_EQ(process["group"].asString(), "blog");
    EXPECT_EQ(process["state"].asString(), "unknown");
    EXPECT_EQ(process["since"].asString(), "2026-11-23T06:07:14.000000Z");
    EXPECT_EQ(process["checks"].asInt(), 0);
    EXPECT_EQ(process["failures"].asInt(), 0);
    EXPECT_TRUE(process["last"].isNull());
    EXPECT_TRUE(process["history"].isArray());
    EXPECT_TRUE(process["history"].empty());
}

TEST_F(ListHealth, TellsOfAProcessWhatItsChecksFound) {
    check("shop", "s-1", true, now_usec);
    check("shop", "s-1", false, now_usec + 1'000'000);
    const Json::Value process = listed("group=shop")["processes"][0];
    EXPECT_EQ(process["state"].asString(), "unhealthy");
    EXPECT_EQ(process["since"].asString(), "2026-11-23T06:07:15.000000Z");
    EXPECT_EQ(process["checks"].asInt(), 2);
    EXPECT_EQ(process["failures"].asInt(), 1);
    EXPECT_EQ(process["last"]["state"].asString(), "unhealthy");
    EXPECT_EQ(process["last"]["reason"].asString(), "bad_status");
    EXPECT_EQ(process["last"]["detail"].asString(), "It answers 500.");
    EXPECT_EQ(process["last"]["gupid"].asString(), "s-1");
    ASSERT_EQ(process["history"].size(), 2U);
    const Json::Value& first = process["history"][0];
    EXPECT_EQ(first["state"].asString(), "healthy");
    EXPECT_TRUE(first["reason"].isNull());
    EXPECT_EQ(first["status"].asInt(), 200);
    EXPECT_EQ(first["latency_seconds"].asDouble(), 0.001234);
    EXPECT_EQ(first["checked_at"].asString(), "2026-11-23T06:07:14.000000Z");
    EXPECT_EQ(process["history"][1]["reason"].asString(), "bad_status");
}

TEST_F(ListHealth, ShowsSixteenResultsOfTheHistory) {
    for (int i = 0; i < 20; i++) {
        check("blog", "b-1", true);
    }
    EXPECT_EQ(listed("group=blog")["processes"][0]["history"].size(), 16U);
    EXPECT_EQ(listed("group=blog")["processes"][0]["checks"].asInt(), 20);
}

TEST_F(ListHealth, GivesNothingForAGroupThatIsNotCheckedOrNotThere) {
    for (const char* query : {"group=wiki", "group=nobody", "group="}) {
        EXPECT_THAT(listed(query)["groups"], IsEmpty()) << query;
        EXPECT_THAT(listed(query)["processes"], IsEmpty()) << query;
    }
}

TEST_F(ListHealth, ShowsEachCallerTheGroupsThatItSeesAndNoOther) {
    for (const admin::Access& access :
         {admin::Access::holder("blog-password"), admin::Access::user(1000)}) {
        const bool holder = access.word() == "password";
        const char* own = holder ? "blog" : "shop";
        const char* other = holder ? "shop" : "blog";
        const Json::Value document = listed("", access);
        EXPECT_THAT(each(document["groups"], "name"), ElementsAre(own));
        EXPECT_EQ(document["processes"].size(), holder ? 1U : 3U);
        EXPECT_EQ(listed(std::string("group=") + other, access), listed("group=nobody", access))
            << "the answer tells that there is such a group";
    }
    EXPECT_EQ(listed("", admin::Access::readonly())["groups"].size(), 2U);
    EXPECT_EQ(listed("", admin::Access::holder("wrong"))["processes"].size(), 0U);
}

TEST_F(ListHealth, GoesOnWhereItWasThoughProcessesLeaveMeanwhile) {
    const admin::Access access = admin::Access::full();
    HealthListing rows({}, access, watch_, census_, now_usec);
    EXPECT_TRUE(rows.write(1)); // of two groups
    EXPECT_TRUE(rows.write(3)); // the other, b-1 and s-1
    watch_.detach({{1, "s-1", "shop"}});
    watch_.detach({{2, "s-2", "shop"}});
    EXPECT_FALSE(rows.write(5));
    EXPECT_FALSE(rows.write(5));
    EXPECT_THAT(each(json(rows.take())["processes"], "gupid"), ElementsAre("b-1", "s-1", "s-3"));
}

TEST_F(ListHealth, ShowsNothingOfAGroupThatThePoolNoLongerHas) {
    census_.update(pool::FakePool().snapshot());
    EXPECT_THAT(listed()["groups"], IsEmpty());
    EXPECT_THAT(listed()["processes"], IsEmpty());
}

TEST_F(ListHealth, RefusesParametersThatItDoesNotKnow) {
    for (const char* query : {"minimum=1", "group=shop&group=blog", "x=1", "group=%zz", "=",
                              "group=shop&x", "Group=shop"}) {
        EXPECT_EQ(code(list(query)), "bad_parameter") << query;
    }
}

TEST_F(LookAlive, IsLiveWhileOneIsHealthy) {
    EXPECT_FALSE(liveness("group=shop").live) << "unknown ones count as healthy";
    check("shop", "s-1", true);
    const Liveness answer = liveness("group=shop");
    EXPECT_TRUE(answer.live);
    const Json::Value document = json(answer.document);
    EXPECT_EQ(document["group"].asString(), "shop");
    EXPECT_TRUE(document["live"].asBool());
    EXPECT_EQ(document["healthy"].asInt(), 1);
    EXPECT_EQ(document["minimum"].asInt(), 1);
    EXPECT_EQ(document["total"].asInt(), 3);
    check("shop", "s-1", false);
    EXPECT_FALSE(liveness("group=shop").live);
}

TEST_F(LookAlive, TellsTheSameMembersWhenItIsNotLive) {
    const Json::Value document = json(liveness("group=shop&minimum=3").document);
    EXPECT_FALSE(document["live"].asBool());
    EXPECT_EQ(document["healthy"].asInt(), 0);
    EXPECT_EQ(document["minimum"].asInt(), 3);
    EXPECT_EQ(document["total"].asInt(), 3);
}

TEST_F(LookAlive, WantsAsManyHealthyOnesAsTheMinimumSays) {
    check("shop", "s-1", true);
    check("shop", "s-2", true);
    EXPECT_TRUE(liveness("group=shop&minimum=2").live);
    EXPECT_TRUE(liveness("minimum=2&group=shop").live);
    EXPECT_FALSE(liveness("group=shop&minimum=3").live);
    EXPECT_FALSE(liveness("group=shop&minimum=4294967295").live);
}

TEST_F(LookAlive, CountsNoProcessThatIsDisabled) {
    check("blog", "b-1", true);
    ASSERT_TRUE(liveness("group=blog").live);
    watch_.note_enabled({{200, "b-1", "blog"}, GANGWAY_PROCESS_DISABLED});
    EXPECT_FALSE(liveness("group=blog").live);
    EXPECT_EQ(json(liveness("group=blog").document)["total"].asInt(), 0);
}

TEST_F(LookAlive, SaysOfAGroupWithoutAPlanThatNoCheckIsConfigured) {
    EXPECT_EQ(code(look("group=wiki")), "health_not_configured");
    EXPECT_EQ(code(look("group=nobody")), "health_not_configured");
    EXPECT_EQ(code(look("group=")), "health_not_configured");
}

TEST_F(LookAlive, AnswersTheSameForAGroupOutOfReachAndOneThatIsNotThere) {
    check("shop", "s-1", true);
    const admin::Access holder = admin::Access::holder("blog-password");
    EXPECT_EQ(code(look("group=shop", holder)), "health_not_configured");
    EXPECT_EQ(detail(look("group=shop", holder)), detail(look("group=nobody", holder)));
    EXPECT_EQ(code(look("group=blog", admin::Access::user(1000))), "health_not_configured");
    EXPECT_TRUE(liveness("group=shop", admin::Access::user(1000)).live);
    EXPECT_FALSE(liveness("group=blog", holder).live);
}

TEST_F(LookAlive, RefusesParametersThatAreWrong) {
    for (const char* query :
         {"", "minimum=1", "group=shop&minimum=0", "group=shop&minimum=-1",
          "group=shop&minimum=", "group=shop&minimum=1.5", "group=shop&minimum=two",
          "group=shop&minimum=4294967296", "group=shop&minimum=1&minimum=2",
          "group=shop&group=shop", "group=shop&x=1", "group=%zz", "group=shop&minimum=1%20"}) {
        EXPECT_EQ(code(look(query)), "bad_parameter") << query;
    }
}

} // namespace
} // namespace gangway::endpoints
