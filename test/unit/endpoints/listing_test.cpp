#include "endpoints/listing.hpp"

#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <json/json.h>

#include "endpoints/groups.hpp"
#include "endpoints/pool.hpp"
#include "endpoints/processes.hpp"
#include "support/look_up.hpp"
#include "support/pool_fake.hpp"

namespace gangway::endpoints {
namespace {

class Listing : public testing::Test {
  protected:
    Listing() {
        gangway_group& shop = pool_.add_group("/srv/shop (production)", "shop-password-01");
        shop.has_user = 1;
        shop.uid = 1000;
        shop.user = pool_.keep("shop");
        shop.get_wait_list_size = 2;
        gangway_process& busy = pool_.add_process(100, "gupid-a");
        busy.sessions = 1;
        busy.last_used_usec = 1'795'414'030'000'000;
        pool_.add_socket("unix:/a", "session", true);
        pool_.add_socket("tcp://127.0.0.1:1", "http", false);
        gangway_process& measured = pool_.add_process(101, "gupid-b");
        measured.last_used_usec = 1'795'414'030'000'000;
        measured.metrics = {1, 7, 101, 10, -1, 5, 0, 5, 100, pool_.keep("ruby app")};
        pool_.add_socket("unix:/b", "session", true);
        pool_.add_group("blog", "blog-password-02");
        gangway_process& leaving = pool_.add_process(200, "gupid-c");
        leaving.enabled = GANGWAY_PROCESS_DETACHED;
        pool_.groups.back().detached_process_count = 1;
        gangway_process& same_pid = pool_.add_process(100, "gupid-old");
        same_pid.enabled = GANGWAY_PROCESS_DETACHED;
    }

    using Document = Result<std::string>;
    static Begin begin_of(const admin::Endpoint* endpoint) {
        static const std::map<const admin::Endpoint*, Begin> begins{
            {&show_pool, begin_pool},
            {&list_groups, begin_groups},
            {&show_group, begin_group},
            {&list_processes, begin_processes},
            {&show_process, begin_process}};
        return begins.at(endpoint);
    }
    Document ask(const std::string& target, const admin::Access& access = admin::Access::full()) {
        const auto match = look_up(target, access);
        if (!match) {
            return match.error();
        }
        const Self self{"6.0.26", statistics_, config_, 3, passwords_};
        const pool::Snapshot snapshot = pool_.snapshot();
        auto rows =
            begin_of(match->endpoint)({match->subject, match->arguments, access, snapshot, self});
        if (!rows) {
            return rows.error();
        }
        while (rows->write(1)) { // As it comes out however few are written at a time.
        }
        return rows->take();
    }
    Json::Value json(const std::string& target,
                     const admin::Access& access = admin::Access::full()) {
        const Document answer = ask(target, access);
        if (!answer) {
            ADD_FAILURE() << answer.error().detail;
            return {};
        }
        const std::string& text = *answer;
        Json::Value value;
        const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
        EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, nullptr)) << text;
        return value;
    }
    std::string code(const std::string& target,
                     const admin::Access& access = admin::Access::full()) {
        const Document answer = ask(target, access);
        return answer ? "(no problem)" : std::string(name(answer.error().code));
    }

    pool::FakePool pool_;
    const admin::ProcessPasswords passwords_;
    admin::Statistics statistics_;
    config::Config config_;
};

TEST_F(Listing, ShowsAnAdministratorAllProcesses) {
    const Json::Value processes = json("/v1/processes")["processes"];
    ASSERT_EQ(processes.size(), 4U);
    EXPECT_EQ(processes[0]["pid"].asInt(), 100);
    EXPECT_EQ(processes[0]["group"].asString(), "/srv/shop (production)");
    EXPECT_FALSE(processes[0].isMember("password"));
    EXPECT_EQ(processes[2]["state"].asString(), "detached");
    EXPECT_EQ(processes[2]["enabled"].asString(), "DETACHED");
}

TEST_F(Listing, ShowsTheHolderOfAPasswordItsGroupOnly) {
    const admin::Access holder = admin::Access::holder("blog-password-02");
    EXPECT_EQ(json("/v1/processes", holder)["processes"].size(), 2U);
    EXPECT_EQ(json("/v1/groups", holder)["groups"].size(), 1U);
    EXPECT_EQ(code("/v1/processes/gupid-a", holder), "process_not_found");
    EXPECT_EQ(code("/v1/groups/%2Fsrv%2Fshop%20(production)", holder), "group_not_found");
    const Json::Value totals = json("/v1/pool", holder);
    EXPECT_EQ(totals["groups"].asInt(), 1);
    EXPECT_TRUE(totals["get_wait_list_size"].isNull());
}

TEST_F(Listing, GivesUnmeasuredAndUnknownValuesAsNull) {
    const Json::Value processes = json("/v1/processes")["processes"];
    EXPECT_TRUE(processes[0]["rss_bytes"].isNull());
    EXPECT_TRUE(processes[0]["command"].isNull());
    EXPECT_EQ(processes[1]["rss_bytes"].asInt(), 10240);
    EXPECT_TRUE(processes[1]["pss_bytes"].isNull());
    EXPECT_EQ(processes[1]["swap_bytes"].asInt(), 0);
    EXPECT_EQ(processes[1]["cpu_percent"].asInt(), 7);
    EXPECT_EQ(processes[1]["command"].asString(), "ruby app");
}

TEST_F(Listing, TellsHowLongAProcessIsIdle) {
    const Json::Value processes = json("/v1/processes")["processes"];
    EXPECT_EQ(processes[0]["idle_seconds"].asInt(), 0);
    EXPECT_EQ(processes[1]["idle_seconds"].asInt(), 4);
}

TEST_F(Listing, TellsTheRoutesToAProcess) {
    const Json::Value processes = json("/v1/processes")["processes"];
    EXPECT_EQ(processes[0]["routes"].size(), 2U);
    EXPECT_EQ(processes[1]["routes"].size(), 1U);
    EXPECT_EQ(processes[2]["routes"].size(), 0U);
}

TEST_F(Listing, TellsThatThePoolUsesAProcessThatIsBeingDisabledOnlyWhereThereIsNoOther) {
    pool_.processes[1].enabled = GANGWAY_PROCESS_DISABLING;
    EXPECT_EQ(json("/v1/processes/101")["process"]["routes"][0].asString(), "pool");
    pool_.groups[0].enabled_process_count = 1;
    EXPECT_EQ(json("/v1/processes/101")["process"]["routes"].size(), 0U);
}

TEST_F(Listing, FiltersByGroupStateAndFields) {
    EXPECT_EQ(json("/v1/processes?group=blog")["processes"].size(), 2U);
    EXPECT_EQ(json("/v1/processes?group=%2Fsrv%2Fshop+(production)")["processes"].size(), 2U);
    EXPECT_EQ(json("/v1/processes?group=none")["processes"].size(), 0U);
    EXPECT_EQ(json("/v1/processes?state=enabled")["processes"].size(), 2U);
    EXPECT_EQ(json("/v1/processes?state=enabled,detached")["processes"].size(), 4U);
    const Json::Value row = json("/v1/processes?fields=gupid,pid")["processes"][0];
    EXPECT_EQ(row.size(), 2U);
}

TEST_F(Listing, FindsAProcessByPidOrGupidAndPrefersOneThatIsNotDetached) {
    EXPECT_EQ(json("/v1/processes/100")["process"]["gupid"].asString(), "gupid-a");
    EXPECT_EQ(json("/v1/processes/gupid-old")["process"]["pid"].asInt(), 100);
    EXPECT_EQ(code("/v1/processes/999"), "process_not_found");
    EXPECT_EQ(code("/v1/processes/b@d"), "process_not_found");
}

TEST_F(Listing, ShowsSecretsOnlyWhenAskedAndAllowed) {
    EXPECT_EQ(json("/v1/processes?secrets=true")["processes"][0]["password"].asString(),
              "shop-password-01");
    EXPECT_FALSE(json("/v1/processes?secrets=false")["processes"][0].isMember("password"));
    EXPECT_EQ(code("/v1/processes?secrets=true", admin::Access::readonly()), "forbidden");
    EXPECT_EQ(json("/v1/processes", admin::Access::readonly())["processes"].size(), 4U);
}

TEST_F(Listing, ShowsEachProcessesOwnPasswordBesideThatOfItsGroup) {
    const Json::Value rows = json("/v1/processes?secrets=true")["processes"];
    EXPECT_EQ(rows[0]["process_password"].asString(), passwords_.of("gupid-a"));
    EXPECT_EQ(rows[1]["process_password"].asString(), passwords_.of("gupid-b"));
    EXPECT_EQ(rows[0]["password"], rows[1]["password"]);
    EXPECT_FALSE(json("/v1/processes")["processes"][0].isMember("process_password"));
    EXPECT_EQ(json("/v1/processes?secrets=true&fields=pid")["processes"][0].size(), 3U);
}

TEST_F(Listing, ShowsTheHolderOfAProcessesOwnPasswordThatProcessAndNothingOfItsGroup) {
    const admin::Access holder = admin::Access::process("gupid-b");
    const Json::Value rows = json("/v1/processes?secrets=true", holder)["processes"];
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["pid"].asInt(), 101);
    EXPECT_EQ(rows[0]["process_password"].asString(), passwords_.of("gupid-b"));
    EXPECT_FALSE(rows[0].isMember("password")); // It opens the whole group.
    EXPECT_EQ(json("/v1/groups", holder)["groups"].size(), 0U);
    EXPECT_EQ(code("/v1/groups/%2Fsrv%2Fshop%20(production)", holder), "group_not_found");
    EXPECT_EQ(code("/v1/processes/gupid-a", holder), "process_not_found");
    EXPECT_EQ(json("/v1/processes/101", holder)["process"]["gupid"].asString(), "gupid-b");
    const Json::Value totals = json("/v1/pool", holder);
    EXPECT_EQ(totals["groups"].asInt(), 0);
    EXPECT_EQ(totals["processes"].asInt(), 1);
    EXPECT_EQ(totals["sessions"].asInt(), 0);
    EXPECT_TRUE(totals["gangway"].isNull());
}

TEST_F(Listing, NamesTheFieldsWhereAnotherIsAskedFor) {
    const Document answer = ask("/v1/processes?fields=pid,nope");
    const std::string& detail = answer.error().detail;
    EXPECT_NE(detail.find("'fields' has 'nope'"), std::string::npos) << detail;
    EXPECT_NE(detail.find("none of pid, gupid, "), std::string::npos) << detail;
    EXPECT_EQ(detail.find("password"), std::string::npos) << detail;
}

TEST_F(Listing, IsWrittenInPartsOfSoManyRows) {
    const Self self{"6.0.26", statistics_, config_, 3, passwords_};
    const pool::Snapshot snapshot = pool_.snapshot();
    for (const char* path :
         {"/v1/processes", "/v1/groups", "/v1/groups/%2Fsrv%2Fshop%20(production)"}) {
        const auto match = look_up(path);
        const admin::Access access = admin::Access::full();
        const std::size_t rows = match->endpoint == &list_processes ? 4 : 2;
        auto begun =
            begin_of(match->endpoint)({match->subject, match->arguments, access, snapshot, self});
        endpoints::Listing& listing = *begun;
        for (std::size_t row = 1; row < rows; row++) {
            EXPECT_TRUE(listing.write(1)) << path << row;
        }
        EXPECT_FALSE(listing.write(1)) << path;
        EXPECT_FALSE(listing.write(1)) << path << ": it is whole";
        EXPECT_EQ(listing.take().substr(0, 2), "{\"");
    }
}

TEST_F(Listing, FindsAGroupByItsPercentEncodedName) {
    const Json::Value answer = json("/v1/groups/%2Fsrv%2Fshop%20(production)");
    EXPECT_EQ(answer["group"]["user"].asString(), "shop");
    EXPECT_EQ(answer["group"]["sessions"].asInt(), 1);
    EXPECT_EQ(answer["processes"].size(), 2U);
    EXPECT_TRUE(json("/v1/groups/blog")["group"]["uid"].isNull());
}

TEST_F(Listing, SumsUpThePool) {
    const Json::Value totals = json("/v1/pool");
    EXPECT_EQ(totals["passenger_version"].asString(), "6.0.26");
    EXPECT_EQ(totals["max"].asInt(), 6);
    EXPECT_EQ(totals["sessions"].asInt(), 1);
    EXPECT_EQ(totals["processes"].asInt(), 3);
    EXPECT_EQ(totals["group_get_wait_list_size"].asInt(), 2);
}

TEST_F(Listing, ShowsGangwaysOwnNumbersToWhoSeesTheWholePool) {
    statistics_.answered = 7;
    for (const admin::Access& access :
         {admin::Access::full(), admin::Access::readonly(), admin::Access::peer()}) {
        const Json::Value gangway = json("/v1/pool", access)["gangway"];
        ASSERT_TRUE(gangway.isObject());
        EXPECT_EQ(gangway["requests"]["answered"].asInt(), 7);
        EXPECT_EQ(gangway["requests"]["in_flight"].asInt(), 3);
    }
    for (const admin::Access& access :
         {admin::Access::holder("blog-password-02"), admin::Access::user(1000)}) {
        const Json::Value totals = json("/v1/pool", access);
        EXPECT_TRUE(totals.isMember("gangway"));
        EXPECT_TRUE(totals["gangway"].isNull());
    }
}

TEST_F(Listing, RefusesParametersThatItDoesNotKnow) {
    for (const char* target :
         {"/v1/processes?x=1", "/v1/pool?group=blog", "/v1/groups?secrets=true",
          "/v1/processes/100?group=blog", "/v1/processes?state=happy",
          "/v1/processes?state=", "/v1/processes?fields=pid,nope", "/v1/processes?fields=password",
          "/v1/processes?fields=process_password", "/v1/processes?secrets=yes",
          "/v1/processes?group=a&group=b", "/v1/processes?group=%zz"}) {
        EXPECT_EQ(code(target), "bad_parameter") << target;
    }
}

} // namespace
} // namespace gangway::endpoints
