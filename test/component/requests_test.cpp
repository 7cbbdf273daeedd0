// GET /v1/requests: what Passenger's controllers say of their visitors, and Gangway's own requests.
#include "listing_fixture.h"

#include <algorithm>

namespace gangway::test {

class RequestsTest : public ListingTest {
  protected:
    Json::Value requests(const std::string& query = {}, const Headers& headers = {}) {
        return json(get("/v1/requests" + query, headers));
    }
    // "path" of each row, in their order.
    static std::vector<std::string> paths(const Json::Value& document) {
        std::vector<std::string> result;
        for (const Json::Value& row : document["requests"]) {
            result.push_back(row["path"].asString());
        }
        return result;
    }
    std::string shop() { return group().name; }
    // Of group(), and of another one.
    void serve_some() {
        idle(1);
        idle(2);
        other_ = &host().add_group("other");
        other_->password = "password-of-the-other";
        idle(*other_, 3);
        host().controllers().serve(
            0, {{.group = shop(), .pid = 1, .path = "/second?q=1", .began_at_usec = 2'000'000},
                {.group = shop(),
                 .path = "/third",
                 .state = GANGWAY_REQUEST_QUEUED,
                 .began_at_usec = 3'000'000}});
        host().controllers().serve(
            1, {{.group = "other", .pid = 3, .path = "/first", .began_at_usec = 1'000'000},
                {.group = shop(), .pid = 2, .path = "/fourth", .began_at_usec = 4'000'000}});
    }

    Group* other_ = nullptr;
};

TEST_F(RequestsTest, AreThoseOfAllControllersOldestFirst) {
    serve_some();
    start();
    const Json::Value document = requests();
    EXPECT_EQ(paths(document),
              (std::vector<std::string>{"/first", "/second", "/third", "/fourth"}));
    EXPECT_EQ(document["complete"], true);
    EXPECT_EQ(document["clients"], 14);
    EXPECT_EQ(host().controllers().asked(), 2U);
}

TEST_F(RequestsTest, ARowTellsWhoDoesWhatForWhomSinceWhen) {
    serve_some();
    start();
    const Json::Value row = requests()["requests"][1];
    EXPECT_EQ(names_in_order(row),
              (std::vector<std::string>{"group", "pid", "gupid", "state", "via", "started_at",
                                        "age_seconds", "method", "host", "path", "has_query", "cut",
                                        "client", "request_id", "https", "keep_alive",
                                        "received_bytes", "sent_bytes"}));
    EXPECT_EQ(row["group"], shop());
    EXPECT_EQ(row["pid"], 1);
    EXPECT_EQ(row["gupid"], "gupid-1");
    EXPECT_EQ(row["state"], "waiting");
    EXPECT_EQ(row["via"], "visitor");
    EXPECT_EQ(row["started_at"], "1970-01-01T00:00:02.000000Z");
    EXPECT_GT(row["age_seconds"].asDouble(), 1e9);
    EXPECT_EQ(row["method"], "GET");
    EXPECT_EQ(row["host"], "shop.test");
    EXPECT_EQ(row["path"], "/second");
    EXPECT_EQ(row["has_query"], true);
    EXPECT_EQ(row["cut"], Json::Value(Json::arrayValue));
    EXPECT_EQ(row["client"], "203.0.113.9");
    EXPECT_TRUE(row["request_id"].isNull());
    EXPECT_EQ(row["received_bytes"], 11);
    EXPECT_EQ(row["sent_bytes"], 12);
}

TEST_F(RequestsTest, OneThatWaitsHasNoProcess) {
    serve_some();
    start();
    const Json::Value row = requests("?state=queued")["requests"][0];
    EXPECT_EQ(row["path"], "/third");
    EXPECT_TRUE(row["pid"].isNull());
    EXPECT_TRUE(row["gupid"].isNull());
    EXPECT_EQ(row["has_query"], false);
}

TEST_F(RequestsTest, AQueryIsToldToWhoAsksForItAndMayAct) {
    use_agent_config(R"({"api_server_authorizations": [
        {"username": "ro_admin", "password": "ro-secret", "level": "readonly"}]})");
    serve_some();
    start();
    EXPECT_FALSE(requests()["requests"][1].isMember("query"));
    const Json::Value document = requests("?query=true");
    EXPECT_EQ(document["requests"][1]["query"], "q=1");
    EXPECT_TRUE(document["requests"][0]["query"].isNull());
}

TEST_F(RequestsTest, AreThoseThatACallerSees) {
    serve_some();
    start();
    const auto as = [](const std::string& password) {
        return Headers{{"X-Passenger-Connect-Password", password}};
    };
    EXPECT_EQ(paths(requests({}, as("password-of-the-other"))), std::vector<std::string>{"/first"});
    EXPECT_EQ(paths(requests({}, as(group().password))),
              (std::vector<std::string>{"/second", "/third", "/fourth"}));
    const std::string own =
        json(get("/v1/processes/2?secrets=true"))["process"]["process_password"].asString();
    const Json::Value document = requests({}, as(own));
    EXPECT_EQ(paths(document), std::vector<std::string>{"/fourth"});
    EXPECT_FALSE(document.isMember("clients"));
    EXPECT_FALSE(document.isMember("left_out"));
    EXPECT_TRUE(is_problem(get("/v1/requests", as("no-password")), 401, "unauthorized"));
}

TEST_F(RequestsTest, AreThoseThatWereAskedFor) {
    serve_some();
    start();
    using Paths = std::vector<std::string>;
    EXPECT_EQ(paths(requests("?group=other")), Paths{"/first"});
    EXPECT_EQ(paths(requests("?group=nobodys")), Paths{});
    EXPECT_EQ(paths(requests("?process=2")), Paths{"/fourth"});
    EXPECT_EQ(paths(requests("?process=gupid-1")), Paths{"/second"});
    EXPECT_EQ(paths(requests("?state=queued,reading")), Paths{"/third"});
    const double age = requests()["requests"][2]["age_seconds"].asDouble() - 0.5;
    EXPECT_EQ(paths(requests("?min_age=" + std::to_string(age))),
              (Paths{"/first", "/second", "/third"}));
    const Json::Value document = requests("?limit=2");
    EXPECT_EQ(paths(document), (Paths{"/first", "/second"}));
    EXPECT_EQ(document["beyond_limit"], 2);
}

TEST_F(RequestsTest, ABadParameterIsNamed) {
    serve_some();
    start();
    for (const auto& [query, word] : std::map<std::string, std::string>{
             {"?state=asleep", "state"},
             {"?min_age=-1", "min_age"},
             {"?min_age=soon", "min_age"},
             {"?limit=0", "limit"},
             {"?query=1", "query"},
             {"?pid=1", "pid"},
         }) {
        EXPECT_TRUE(is_problem(get("/v1/requests" + query), 400, "bad_parameter", word)) << query;
    }
    EXPECT_TRUE(is_problem(get("/v1/requests?process=99"), 404, "process_not_found"));
    EXPECT_TRUE(is_problem(get("/v1/requests?process=a/b"), 404, "process_not_found"));
    EXPECT_TRUE(is_problem(
        get("/v1/requests?process=3", {{"X-Passenger-Connect-Password", group().password}}), 404,
        "process_not_found"));
}

TEST_F(RequestsTest, AControllerThatIsStuckIsTold) {
    serve_some();
    host().controllers().hold(0, true);
    start();
    for (int i = 0; i < 2; i++) { // Asked once, though its answer is awaited twice.
        const Json::Value document = requests();
        EXPECT_EQ(paths(document), (std::vector<std::string>{"/first", "/fourth"}));
        EXPECT_EQ(document["complete"], false);
        ASSERT_EQ(document["stuck_controllers"].size(), 1U);
        EXPECT_EQ(document["stuck_controllers"][0]["controller"], 0);
    }
    EXPECT_EQ(host().controllers().asked(), 3U);
    host().controllers().hold(0, false);
    EXPECT_TRUE(eventually([&] { return requests()["complete"] == true; }));
    EXPECT_EQ(paths(requests()).size(), 4U);
}

TEST_F(RequestsTest, WhatWasNotLookedAtIsCounted) {
    serve_some();
    host().controllers().leave_out(1, 7);
    start();
    const Json::Value document = requests();
    EXPECT_EQ(document["complete"], false);
    EXPECT_EQ(document["left_out"], 7);
    EXPECT_EQ(document["unseen_clients"], 0);
    EXPECT_EQ(document["failed_controllers"], Json::Value(Json::arrayValue));
}

TEST_F(RequestsTest, GangwaysOwnAreAmongThem) {
    worker(7, behave::never_answer());
    start();
    Client own = client();
    own.send({"POST", request_path(7, "/slow?secret=1"), {}});
    ASSERT_TRUE(eventually([&] { return paths(requests()) == std::vector<std::string>{"/slow"}; }));
    const Json::Value row = requests("?process=7&query=true")["requests"][0];
    EXPECT_EQ(row["via"], "gangway");
    EXPECT_EQ(row["state"], "waiting");
    EXPECT_EQ(row["method"], "POST");
    EXPECT_EQ(row["query"], "secret=1");
    EXPECT_EQ(row["pid"], 7);
    EXPECT_TRUE(row["client"].isNull());
}

TEST_F(RequestsTest, WhatAVisitorSendsIsWrittenAsJson) {
    idle(1);
    host().controllers().serve(0, {{.group = shop(),
                                    .pid = 1,
                                    .path = "/\xff\x1b[31m\"" + std::string(1000, 'x'),
                                    .host = "\xc2",
                                    .id = "a\\b",
                                    .cut = GANGWAY_REQUEST_CUT_PATH | GANGWAY_REQUEST_CUT_ID}});
    start();
    const Json::Value row = requests()["requests"][0];
    EXPECT_EQ(row["path"], "/\xef\xbf\xbd\x1b[31m\"" + std::string(1000, 'x'));
    EXPECT_EQ(row["host"], "\xef\xbf\xbd");
    EXPECT_EQ(row["request_id"], "a\\b");
    ASSERT_EQ(row["cut"].size(), 2U);
    EXPECT_EQ(row["cut"][0], "path");
    EXPECT_EQ(row["cut"][1], "request_id");
}

TEST_F(RequestsTest, WhoWaitsWhenTheServerStopsGetsAnAnswer) {
    idle(1);
    host().controllers().hold(0, true);
    start();
    Client waiting = client();
    waiting.send({"GET", "/v1/requests", {}});
    ASSERT_TRUE(eventually([&] { return host().controllers().asked() == 2; }));
    host().stop();
}

} // namespace gangway::test
