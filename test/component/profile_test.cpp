// GET /v1/requests/profile and GET /v1/requests/routes: which routes hold the workers.
#include "listing_fixture.h"

#include <chrono>
#include <thread>

namespace gangway::test {

class ProfileTest : public ListingTest {
  protected:
    static std::uint64_t now_usec() {
        return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                              std::chrono::system_clock::now().time_since_epoch())
                                              .count());
    }
    std::string shop() { return group().name; }
    VisitRow visit(const std::string& path) {
        return {.group = shop(),
                .path = path,
                .gupid = "gupid-1",
                .pid = 1,
                .asked_at_usec = now_usec(),
                .queued_usec = 1000,
                .served_usec = 500'000};
    }
    // What one is answered, while `meanwhile` happens once visits are watched.
    template <typename Meanwhile>
    Json::Value profile(const std::string& query, Meanwhile meanwhile) {
        EXPECT_TRUE(eventually([&] { return !host().visits().is_watched(); }, Milliseconds(5000)));
        std::thread thread([&] {
            eventually([&] { return host().visits().is_watched(); }, Milliseconds(5000));
            meanwhile();
        });
        Response response = get("/v1/requests/profile" + query);
        thread.join();
        EXPECT_EQ(response.status, 200) << response.body;
        return json(response);
    }
};

TEST_F(ProfileTest, TellsWhichRoutesHoldTheWorkers) {
    idle(1);
    start();
    const Json::Value document = profile("?seconds=0.3", [&] {
        for (const char* path : {"/orders/1", "/orders/2", "/cart"}) {
            host().visits().end(visit(path));
        }
        host().visits().set_open({{.group = shop(),
                                   .path = "/hang",
                                   .gupid = "gupid-1",
                                   .pid = 1,
                                   .state = GANGWAY_VISIT_AT_PROCESS,
                                   .asked_at_usec = now_usec(),
                                   .served_usec = 2'000'000}});
        host().visits().lose(3);
    });
    EXPECT_EQ(names_in_order(document),
              (std::vector<std::string>{"began_at", "ended_at", "seconds", "requests",
                                        "worker_seconds", "queued_seconds", "lost",
                                        "bounds_seconds", "routes", "beyond_limit"}));
    EXPECT_EQ(document["requests"], 4);
    EXPECT_EQ(document["lost"], 3);
    EXPECT_NEAR(document["seconds"].asDouble(), 0.4, 0.3);
    EXPECT_DOUBLE_EQ(document["worker_seconds"].asDouble(), 3.5);
    ASSERT_EQ(document["routes"].size(), 3U);
    const Json::Value& hang = document["routes"][0];
    EXPECT_EQ(names_in_order(hang),
              (std::vector<std::string>{
                  "group", "method", "route", "share", "requests", "under_way", "began_early",
                  "refused", "failed", "left", "worker_seconds", "mean_seconds", "longest_seconds",
                  "queued_seconds", "longest_queued_seconds", "worker_time_counts",
                  "queued_time_counts", "workers", "other_workers"}));
    EXPECT_EQ(hang["route"], "/hang");
    EXPECT_EQ(hang["under_way"], 1);
    EXPECT_NEAR(hang["share"].asDouble(), 2 / 3.5, 1e-5);
    const Json::Value& orders = document["routes"][1];
    EXPECT_EQ(orders["route"], "/orders/:n");
    EXPECT_EQ(orders["requests"], 2);
    EXPECT_DOUBLE_EQ(orders["mean_seconds"].asDouble(), 0.5);
    EXPECT_DOUBLE_EQ(orders["queued_seconds"].asDouble(), 0.002);
    EXPECT_EQ(orders["workers"][0]["pid"], 1);
    EXPECT_EQ(orders["worker_time_counts"].size(), document["bounds_seconds"].size() + 1);
    EXPECT_TRUE(eventually([&] { return !host().visits().is_watched(); }, Milliseconds(5000)));
}

TEST_F(ProfileTest, IsOfWhatOneSees) {
    idle(1);
    Group& other = host().add_group("other");
    other.password = "password-of-the-other";
    idle(other, 3);
    start();
    const auto meanwhile = [&] {
        host().visits().end(visit("/mine"));
        VisitRow theirs = visit("/theirs");
        theirs.group = "other";
        theirs.gupid = "gupid-3";
        host().visits().end(theirs);
    };
    EXPECT_EQ(profile("?seconds=0.2", meanwhile)["routes"].size(), 2U);
    const Json::Value one = profile("?seconds=0.2&group=other", meanwhile);
    ASSERT_EQ(one["routes"].size(), 1U);
    EXPECT_EQ(one["routes"][0]["route"], "/theirs");
    const Json::Value process = profile("?seconds=0.2&process=1", meanwhile);
    ASSERT_EQ(process["routes"].size(), 1U);
    EXPECT_EQ(process["routes"][0]["route"], "/mine");
    EXPECT_TRUE(eventually([&] { return !host().visits().is_watched(); }, Milliseconds(5000)));
    std::thread thread([&] {
        eventually([&] { return host().visits().is_watched(); }, Milliseconds(5000));
        meanwhile();
    });
    const Json::Value holder = json(get("/v1/requests/profile?seconds=0.2",
                                        {{"X-Passenger-Connect-Password", other.password}}));
    thread.join();
    ASSERT_EQ(holder["routes"].size(), 1U);
    EXPECT_EQ(holder["routes"][0]["route"], "/theirs");
    EXPECT_EQ(holder["requests"], 1);
    EXPECT_TRUE(holder["lost"].isNull());
}

TEST_F(ProfileTest, TakesRoutesOfItsOwnAndSoManyRows) {
    idle(1);
    start("{\"routes\": [\"/blog/:name\"]}");
    const Json::Value document = profile("?seconds=0.2&routes=/a/*,/b/:x&limit=2", [&] {
        for (const char* path : {"/a/1/2", "/b/x", "/blog/news", "/blog/old"}) {
            host().visits().end(visit(path));
        }
    });
    EXPECT_EQ(document["beyond_limit"], 1);
    EXPECT_EQ(document["requests"], 4);
    ASSERT_EQ(document["routes"].size(), 2U);
    EXPECT_EQ(document["routes"][0]["route"], "/blog/:name");
}

TEST_F(ProfileTest, RefusesWhatMakesNoSense) {
    idle(1);
    start();
    for (const char* query :
         {"?seconds=0", "?seconds=-1", "?seconds=601", "?seconds=x", "?routes=a", "?routes=/a,",
          "?routes=/*/a", "?limit=0", "?nothing=1"}) {
        EXPECT_TRUE(
            is_problem(get(std::string("/v1/requests/profile") + query), 400, "bad_parameter"))
            << query;
    }
    EXPECT_TRUE(is_problem(get("/v1/requests/profile?process=99"), 404, "process_not_found"));
    EXPECT_FALSE(host().visits().is_watched());
}

TEST_F(ProfileTest, EndsWhenItsClientGoesOrTheAgentExits) {
    idle(1);
    start();
    {
        Client gone = client();
        gone.send("GET /v1/requests/profile?seconds=600 HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(eventually([&] { return host().visits().is_watched(); }, Milliseconds(5000)));
    }
    EXPECT_TRUE(eventually([&] { return !host().visits().is_watched(); }, Milliseconds(5000)));
    Client waits = client();
    waits.send("GET /v1/requests/profile?seconds=600 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return host().visits().is_watched(); }, Milliseconds(5000)));
    host().begin_drain();
    EXPECT_EQ(waits.read_response().status, 200) << "what was counted until then";
}

TEST_F(ProfileTest, RunsSoManyTimesAtOnce) {
    idle(1);
    start();
    std::vector<Client> clients;
    for (int i = 0; i < 8; i++) {
        clients.push_back(client());
        clients.back().send("GET /v1/requests/profile?seconds=600 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    EXPECT_TRUE(eventually(
        [&] {
            return is_problem(get("/v1/requests/profile?seconds=0.05"), 503, "too_many_requests");
        },
        Milliseconds(5000)));
    clients.clear();
    EXPECT_TRUE(eventually([&] { return get("/v1/requests/profile?seconds=0.05").status == 200; },
                           Milliseconds(5000)));
}

TEST_F(ProfileTest, IsKeptAllTheTimeWhereThatIsConfigured) {
    idle(1);
    start("{\"accounting\": true}");
    EXPECT_TRUE(eventually([&] { return host().visits().is_watched(); }, Milliseconds(5000)));
    host().visits().end(visit("/orders/1"));
    EXPECT_TRUE(eventually([&] { return json(get("/v1/requests/routes"))["requests"] == 1; },
                           Milliseconds(5000)));
    EXPECT_EQ(json(get("/v1/requests/routes"))["routes"][0]["route"], "/orders/:n");
}

TEST_F(ProfileTest, IsNotKeptAllTheTimeElse) {
    idle(1);
    start();
    EXPECT_TRUE(is_problem(get("/v1/requests/routes"), 404, "not_found"));
    EXPECT_FALSE(host().visits().is_watched());
}

} // namespace gangway::test
