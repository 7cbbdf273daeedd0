// What the module tells of the pool.
#include "listing_fixture.h"

namespace gangway::test {

// ---------------------------------------------------------------- pool

TEST_F(ListingTest, PoolHasItsTotalsInOrder) {
    idle(1);
    idle(2)->enabled = GANGWAY_PROCESS_DISABLED;
    idle(3)->enabled = GANGWAY_PROCESS_DETACHED;
    group().get_wait_list_size = 4;
    Group& other = host().add_group("other");
    other.get_wait_list_size = 2;
    idle(other, 4)->sockets[0].sessions = 1;
    host().locked([](Pool& pool) {
        pool.max = 12;
        pool.get_wait_list_size = 7;
        pool.taken_at_usec = 1'795'414'034'626'224;
    });
    start();
    const Response response = get("/v1/pool");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Content-Type"), "application/json");
    const Json::Value pool = json(response);
    EXPECT_EQ(
        names_in_order(pool),
        (std::vector<std::string>{"gangway_version", "passenger_version", "taken_at", "max",
                                  "capacity_used", "groups", "processes", "sessions",
                                  "get_wait_list_size", "group_get_wait_list_size", "gangway"}));
    EXPECT_EQ(pool["gangway_version"], GANGWAY_VERSION);
    EXPECT_EQ(pool["passenger_version"], "6.0.26");
    EXPECT_EQ(pool["taken_at"], "2026-11-23T06:07:14.626224Z");
    EXPECT_EQ(pool["max"], 12);
    EXPECT_EQ(pool["capacity_used"], 3);
    EXPECT_EQ(pool["groups"], 2);
    EXPECT_EQ(pool["processes"], 3) << "detached ones do not count";
    EXPECT_EQ(pool["sessions"], 1);
    EXPECT_EQ(pool["get_wait_list_size"], 7);
    EXPECT_EQ(pool["group_get_wait_list_size"], 6);
}

TEST_F(ListingTest, AnEmptyPoolHasEmptyLists) {
    host().locked([](Pool& pool) { pool.groups.clear(); });
    start();
    EXPECT_EQ(json(get("/v1/pool"))["groups"], 0);
    EXPECT_EQ(json(get("/v1/groups"))["groups"], Json::Value(Json::arrayValue));
    EXPECT_EQ(list()["processes"], Json::Value(Json::arrayValue));
}

// ---------------------------------------------------------------- groups

TEST_F(ListingTest, GroupsHaveEveryFieldInOrder) {
    group().spawning = true;
    group().processes_being_spawned = 2;
    group().disable_wait_list_size = 1;
    idle(1)->sockets[0].sessions = 1;
    idle(2)->enabled = GANGWAY_PROCESS_DISABLING;
    start();
    const Json::Value document = json(get("/v1/groups"));
    EXPECT_EQ(names_in_order(document), (std::vector<std::string>{"taken_at", "groups"}));
    const Json::Value& row = document["groups"][0];
    EXPECT_EQ(names_in_order(row), group_fields());
    EXPECT_EQ(row["name"], "/srv/shop (production)");
    EXPECT_EQ(row["app_root"], "/srv/app");
    EXPECT_EQ(row["app_type"], "ruby");
    EXPECT_EQ(row["environment"], "production");
    EXPECT_EQ(row["uuid"], "uuid-1");
    EXPECT_EQ(row["life_status"], "ALIVE");
    EXPECT_EQ(row["user"], "app");
    EXPECT_EQ(row["uid"], 4'000'001);
    EXPECT_EQ(row["user_group"], "apps");
    EXPECT_EQ(row["gid"], 4'000'001);
    EXPECT_EQ(row["enabled_process_count"], 1);
    EXPECT_EQ(row["disabling_process_count"], 1);
    EXPECT_EQ(row["processes_being_spawned"], 2);
    EXPECT_EQ(row["spawning"], true);
    EXPECT_EQ(row["restarting"], false);
    EXPECT_TRUE(row["spawn_error"].isNull());
    EXPECT_EQ(row["capacity_used"], 4);
    EXPECT_EQ(row["disable_wait_list_size"], 1);
    EXPECT_EQ(row["sessions"], 1);
}

TEST_F(ListingTest, GroupHasNullWhereNothingIsKnown) {
    group().app_type = "";
    group().has_user = false;
    group().life = GANGWAY_GROUP_SHUTTING_DOWN;
    start();
    const Json::Value row = json(get("/v1/groups"))["groups"][0];
    for (const char* field : {"app_type", "user", "uid", "user_group", "gid"}) {
        EXPECT_TRUE(row.isMember(field) && row[field].isNull()) << field;
    }
    EXPECT_EQ(row["life_status"], "SHUTTING_DOWN");
}

TEST_F(ListingTest, OneGroupIsFoundByItsPercentEncodedNameWithItsProcesses) {
    idle(1);
    idle(host().add_group("other"), 2);
    start();
    const Json::Value document = json(get("/v1/groups/%2Fsrv%2fshop%20(production)"));
    EXPECT_EQ(names_in_order(document),
              (std::vector<std::string>{"taken_at", "group", "processes"}));
    EXPECT_EQ(document["group"]["name"], "/srv/shop (production)");
    EXPECT_EQ(names_in_order(document["group"]), group_fields());
    EXPECT_EQ(pids(document), std::vector<int>{1});
    EXPECT_EQ(names_in_order(document["processes"][0]), process_fields());
    EXPECT_TRUE(is_problem(get("/v1/groups/%2Fsrv"), 404, "group_not_found"));
}

// ---------------------------------------------------------------- processes

TEST_F(ListingTest, ProcessHasEveryFieldInOrder) {
    auto process = ruby_worker(4711, behave::answer_pid());
    process->sticky_session_id = 815;
    process->processed = 9;
    process->code_revision = "v1.2";
    process->spawner_creation_time_usec = 1'700'000'000'000'001;
    process->spawn_start_time_usec = 1'700'000'001'500'000;
    process->metrics = {true, 17, 4700, 1000, 900, 800, 0, 800, 2000, "Passenger RubyApp: /srv"};
    start();
    const Json::Value document = list();
    EXPECT_EQ(names_in_order(document), (std::vector<std::string>{"taken_at", "processes"}));
    const Json::Value& row = document["processes"][0];
    EXPECT_EQ(names_in_order(row), process_fields());
    EXPECT_EQ(row["pid"], 4711);
    EXPECT_EQ(row["gupid"], "gupid-4711");
    EXPECT_EQ(row["group"], "/srv/shop (production)");
    EXPECT_EQ(row["state"], "enabled");
    EXPECT_EQ(row["life_status"], "ALIVE");
    EXPECT_EQ(row["enabled"], "ENABLED");
    EXPECT_EQ(row["concurrency"], 1);
    EXPECT_EQ(row["processed"], 9);
    EXPECT_EQ(row["busyness"], 0);
    EXPECT_EQ(row["routes"][0], "pool");
    EXPECT_EQ(row["routes"][1], "direct");
    EXPECT_EQ(row["sticky_session_id"], 815);
    EXPECT_EQ(row["spawner_creation_time"], "2023-11-14T22:13:20.000001Z");
    EXPECT_EQ(row["spawn_start_time"], "2023-11-14T22:13:21.500000Z");
    EXPECT_NEAR(row["uptime_seconds"].asDouble(), 60, 10);
    EXPECT_NEAR(row["idle_seconds"].asDouble(), 30, 10);
    EXPECT_EQ(row["code_revision"], "v1.2");
    EXPECT_EQ(row["cpu_percent"], 17);
    EXPECT_EQ(row["rss_bytes"], 1000 * 1024);
    EXPECT_EQ(row["pss_bytes"], 900 * 1024);
    EXPECT_EQ(row["private_dirty_bytes"], 800 * 1024);
    EXPECT_EQ(row["swap_bytes"], 0);
    EXPECT_EQ(row["real_memory_bytes"], 800 * 1024);
    EXPECT_EQ(row["vmsize_bytes"], 2000 * 1024);
    EXPECT_EQ(row["process_group_id"], 4700);
    EXPECT_EQ(row["command"], "Passenger RubyApp: /srv");
}

TEST_F(ListingTest, SocketsAreListedWithAllThatIsKnownOfThem) {
    auto process = ruby_worker(1, behave::answer_pid());
    process->sockets[0].description = "main";
    start();
    const Json::Value sockets = only_row()["sockets"];
    ASSERT_EQ(sockets.size(), 2U);
    EXPECT_EQ(names_in_order(sockets[0]),
              (std::vector<std::string>{"address", "protocol", "description", "concurrency",
                                        "accept_http_requests", "sessions"}));
    EXPECT_EQ(sockets[0]["address"], process->sockets[0].address);
    EXPECT_EQ(sockets[0]["protocol"], "session");
    EXPECT_EQ(sockets[0]["description"], "main");
    EXPECT_EQ(sockets[0]["accept_http_requests"], true);
    EXPECT_EQ(sockets[1]["protocol"], "http");
    EXPECT_EQ(sockets[1]["accept_http_requests"], false);
}

TEST_F(ListingTest, ProcessHasNullUntilItWasMeasured) {
    idle(1);
    start();
    const Json::Value row = only_row();
    for (const char* field :
         {"code_revision", "cpu_percent", "rss_bytes", "pss_bytes", "private_dirty_bytes",
          "swap_bytes", "real_memory_bytes", "vmsize_bytes", "process_group_id", "command"}) {
        EXPECT_TRUE(row.isMember(field) && row[field].isNull()) << field;
    }
}

TEST_F(ListingTest, AMeasureThatTheSystemDoesNotTellIsNull) {
    idle(1)->metrics = {true, 0, 1, 1000, -1, -1, -1, 1000, 0, "x"};
    start();
    const Json::Value row = only_row();
    EXPECT_EQ(row["rss_bytes"], 1000 * 1024);
    EXPECT_EQ(row["cpu_percent"], 0);
    for (const char* field : {"pss_bytes", "private_dirty_bytes", "swap_bytes"}) {
        EXPECT_TRUE(row[field].isNull()) << field;
    }
}

TEST_F(ListingTest, IdleSecondsIsZeroWhileARequestIsServed) {
    const auto process = idle(1);
    process->sockets[0].sessions = 1;
    start();
    const Json::Value row = only_row();
    EXPECT_EQ(row["idle_seconds"].asDouble(), 0);
    EXPECT_EQ(row["sessions"], 1);
    EXPECT_EQ(row["busyness"], 2147483647);
}

TEST_F(ListingTest, StatesHaveTheirWordsAndRoutes) {
    idle(1);
    idle(2)->enabled = GANGWAY_PROCESS_DISABLING;
    idle(3)->enabled = GANGWAY_PROCESS_DISABLED;
    idle(4)->enabled = GANGWAY_PROCESS_DETACHED;
    const auto stopping = idle(5);
    stopping->enabled = GANGWAY_PROCESS_DETACHED;
    stopping->life = GANGWAY_PROCESS_SHUTDOWN_TRIGGERED;
    const auto dead = idle(6);
    dead->enabled = GANGWAY_PROCESS_DETACHED;
    dead->life = GANGWAY_PROCESS_DEAD;
    start();
    const Json::Value rows = list()["processes"];
    const std::vector<std::string> words = {"enabled",  "disabling",     "disabled",
                                            "detached", "shutting_down", "dead"};
    for (unsigned i = 0; i < words.size(); ++i) {
        EXPECT_EQ(rows[i]["state"], words[i]);
        // One that is being disabled gets requests only where there is no other.
        EXPECT_EQ(rows[i]["routes"].size(), i < 1 ? 1U : 0U) << words[i];
    }
    EXPECT_EQ(rows[4]["life_status"], "SHUTDOWN_TRIGGERED");
    EXPECT_EQ(rows[5]["life_status"], "DEAD");
    EXPECT_EQ(rows[5]["enabled"], "DETACHED");
}

TEST_F(ListingTest, RowsAreOrderedByGroupThenByState) {
    idle(1)->enabled = GANGWAY_PROCESS_DETACHED;
    idle(2)->enabled = GANGWAY_PROCESS_DISABLED;
    idle(host().add_group("a"), 5);
    idle(3)->enabled = GANGWAY_PROCESS_DISABLING;
    idle(4);
    start();
    EXPECT_EQ(pids(list()), (std::vector<int>{4, 3, 2, 1, 5}));
}

TEST_F(ListingTest, OneProcessIsFoundByPidAndByGupid) {
    idle(1);
    idle(20387);
    start();
    for (const char* id : {"20387", "gupid-20387"}) {
        const Json::Value document = json(get(std::string("/v1/processes/") + id));
        EXPECT_EQ(names_in_order(document), (std::vector<std::string>{"taken_at", "process"}));
        EXPECT_EQ(document["process"]["pid"], 20387) << id;
        EXPECT_EQ(names_in_order(document["process"]), process_fields());
    }
    for (const char* id : {"2", "gupid-2", "0", "-1", "99999999999999999999", "%00"}) {
        EXPECT_TRUE(is_problem(get(std::string("/v1/processes/") + id), 404, "process_not_found"))
            << id;
    }
}

TEST_F(ListingTest, APidThatWasUsedAgainMeansTheProcessThatIsNotDetached) {
    const auto old = idle(1);
    old->enabled = GANGWAY_PROCESS_DETACHED;
    old->gupid = "old";
    idle(1)->gupid = "new";
    start();
    EXPECT_EQ(json(get("/v1/processes/1"))["process"]["gupid"], "new");
    EXPECT_EQ(json(get("/v1/processes/old"))["process"]["gupid"], "old");
}

} // namespace gangway::test
