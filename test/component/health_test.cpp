// Health checks: of one process and of a thousand, within their time, whatever the processes, the
// client and the agent do meanwhile.
#include "fixture.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace gangway::test {

namespace {

constexpr std::int64_t first_pid = 1000;
const Headers as_lines = {{"Accept", "application/x-ndjson"}};

WorkerOptions never_accepting() {
    WorkerOptions options;
    options.threads = 0;
    return options;
}

std::vector<Json::Value> lines(const Response& response) {
    std::vector<Json::Value> result;
    std::istringstream stream(response.body);
    for (std::string line; std::getline(stream, line);) {
        Response one;
        one.body = line;
        result.push_back(json(one));
    }
    return result;
}

std::string state(const Json::Value& result) {
    const std::string reason = result["reason"].asString();
    return result["state"].asString() + (reason.empty() ? "" : " " + reason);
}

} // namespace

class HealthTest : public ModuleTest {
  protected:
    // Processes that take a connection, by their listen queue, and never look at it.
    void add_hanging(Group& group, std::int64_t pid, std::size_t count) {
        constexpr std::size_t in_one_queue = 100;
        for (std::size_t i = 0; i < count; ++i) {
            if (i % in_one_queue == 0) {
                hanging_ = std::make_shared<Worker>(0, directory(), never_accepting(), nullptr);
            }
            host().add_process_behind(group, pid + static_cast<std::int64_t>(i), hanging_);
        }
    }
    // So many processes from first_pid on, of which each twentieth hangs.
    void add_mixed(std::size_t count) {
        WorkerOptions options;
        options.threads = 8;
        healthy_ = std::make_shared<Worker>(0, directory(), options, behave::answer_pid(false));
        hanging_ = std::make_shared<Worker>(0, directory(), never_accepting(), nullptr);
        for (std::size_t i = 0; i < count; ++i) {
            host().add_process_behind(group(), first_pid + static_cast<std::int64_t>(i),
                                      hangs(i) ? hanging_ : healthy_);
        }
    }
    static bool hangs(std::size_t index) { return index % 20 == 7; }

    [[nodiscard]] static Request round(const std::string& body, const Headers& headers = {}) {
        return {"POST", "/v1/health", headers, body};
    }
    [[nodiscard]] Response check(const std::string& body, const Headers& headers = {}) const {
        return send(round(body, headers));
    }

    std::shared_ptr<Worker> healthy_;
    std::shared_ptr<Worker> hanging_;
};

// ---------------------------------------------------------------- a thousand

TEST_F(HealthTest, IsToldOfAThousandProcessesOfWhichFiftyHang) {
    add_mixed(1000);
    start();
    const auto begin = std::chrono::steady_clock::now();
    const Response response =
        check(R"({"timeout_seconds": 1, "concurrency": 64, "deadline_seconds": 9})");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9));
    ASSERT_EQ(response.status, 200);
    const Json::Value document = json(response);
    ASSERT_EQ(document["results"].size(), 1000U);
    for (unsigned i = 0; i < 1000; ++i) {
        const Json::Value& result = document["results"][i];
        ASSERT_EQ(result["pid"].asInt64(), first_pid + i) << "not in the pool's order";
        EXPECT_EQ(result["gupid"], "gupid-" + result["pid"].asString());
        EXPECT_EQ(result["group"], group().name);
        ASSERT_EQ(state(result), hangs(i) ? "unhealthy first_byte_timeout" : "healthy") << result;
        EXPECT_EQ(result["route"], "pool");
    }
    const Json::Value& summary = document["summary"];
    EXPECT_EQ(summary["total"], 1000);
    EXPECT_EQ(summary["healthy"], 950);
    EXPECT_EQ(summary["unhealthy"], 50);
    EXPECT_EQ(summary["busy"], 0);
    EXPECT_EQ(summary["skipped"], 0);
    EXPECT_EQ(summary["deadline_reached"], false);
    EXPECT_EQ(healthy_->requests().size(), 950U);
}

TEST_F(HealthTest, TellsOfHealthyProcessesWhileOthersStillHang) {
    add_mixed(1000);
    start();
    Client connection = client();
    connection.send(round(R"({"timeout_seconds": 3, "concurrency": 64})", as_lines));
    Response response = connection.read_head();
    EXPECT_EQ(response.header("Content-Type"), "application/x-ndjson");
    connection.read_body(response, false);
    EXPECT_TRUE(response.complete);
    const std::vector<Json::Value> told = lines(response);
    ASSERT_EQ(told.size(), 1001U);
    std::set<std::int64_t> pids;
    for (std::size_t i = 0; i < 1000; ++i) {
        const Json::Value& result = told[i]["result"];
        pids.insert(result["pid"].asInt64());
        EXPECT_EQ(state(result), i < 950 ? "healthy" : "unhealthy first_byte_timeout")
            << i << ": " << result;
    }
    EXPECT_EQ(pids.size(), 1000U);
    EXPECT_EQ(told[1000]["summary"]["healthy"], 950);
    EXPECT_EQ(told[1000]["summary"]["unhealthy"], 50);
}

TEST_F(HealthTest, SkipsWhatItsDeadlineLeavesNoTimeFor) {
    add_mixed(7);
    add_hanging(group(), 5000, 90);
    start();
    const Response response =
        check(R"({"timeout_seconds": 60, "concurrency": 8, "deadline_seconds": 0.5})");
    const Json::Value document = json(response);
    ASSERT_EQ(document["results"].size(), 97U);
    for (unsigned i = 0; i < 97; ++i) {
        EXPECT_EQ(state(document["results"][i]), i < 7 ? "healthy" : "skipped deadline") << i;
    }
    EXPECT_EQ(document["summary"]["skipped"], 90);
    EXPECT_EQ(document["summary"]["unhealthy"], 0);
    EXPECT_EQ(document["summary"]["deadline_reached"], true);
}

TEST_F(HealthTest, TakesOneConnectionForManyRounds) {
    add_mixed(5);
    start();
    Client connection = client();
    EXPECT_TRUE(connection.request(round("{}", as_lines)).complete);
    EXPECT_EQ(json(connection.request(round("{}")))["summary"]["healthy"], 5);
    EXPECT_EQ(json(connection.request({"POST", "/v1/health"}))["summary"]["healthy"], 5);
    EXPECT_EQ(connection.get("/v1/pool").status, 200);
}

// ---------------------------------------------------------------- its end

class HealthEnds : public HealthTest, public ::testing::WithParamInterface<bool> {
  protected:
    // A round that nothing ends by itself, with so many checks at once.
    Client hanging_round(std::size_t at_once) {
        Client connection = client();
        connection.send(
            round(R"({"timeout_seconds": 3600, "deadline_seconds": 3600, "concurrency": )" +
                      std::to_string(at_once) + "}",
                  GetParam() ? as_lines : Headers{}));
        EXPECT_TRUE(host().wait_for_sessions(at_once));
        return connection;
    }
};

INSTANTIATE_TEST_SUITE_P(AsDocumentAndLines, HealthEnds, ::testing::Bool(), [](const auto& test) {
    return std::string(test.param ? "Lines" : "Document");
});

TEST_P(HealthEnds, WithItsClient) {
    add_hanging(group(), first_pid, 90);
    start();
    { const Client leaving = hanging_round(32); }
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_TRUE(eventually([&] { return host().references() == 0; }));
    EXPECT_EQ(host().calls("session_open"), 32U) << "more was begun after the client had gone";
    // None of the checks at once is lost.
    EXPECT_EQ(json(check(R"({"timeout_seconds": 0.01, "concurrency": 256})"))["summary"]["total"],
              90);
}

TEST_P(HealthEnds, WithTheModuleInBoundedTime) {
    add_hanging(group(), first_pid, 90);
    start(R"({"drain_timeout_seconds": 0.2})");
    Client cut_off = hanging_round(32);
    const auto begin = std::chrono::steady_clock::now();
    host().stop(); // looks for sessions, references, descriptors, threads
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    if (GetParam()) {
        EXPECT_FALSE(cut_off.read_response().complete);
    } else {
        EXPECT_TRUE(cut_off.at_end());
    }
}

TEST_P(HealthEnds, InTimeForTheModuleThatWaitsForIt) {
    const auto gate = std::make_shared<Gate>();
    worker(101, behave::answer_after(gate, behave::ok("late")));
    start(R"({"drain_timeout_seconds": 10})");
    {
        Client waiting = hanging_round(1);
        host().begin_drain();
        gate->open();
        const Response response = waiting.read_response();
        EXPECT_TRUE(response.complete);
        EXPECT_NE(response.body.find("\"healthy\":1"), std::string::npos) << response.body;
        EXPECT_TRUE(waiting.at_end()) << "the connection stays open, though the module drains";
    }
    const auto begin = std::chrono::steady_clock::now();
    host().stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

// ---------------------------------------------------------------- many rounds

TEST_F(HealthTest, HasRoomForSoManyChecksAtOnceInAllRoundsTogether) {
    add_hanging(group(), first_pid, 300);
    Group& blog = host().add_group("blog");
    add_hanging(blog, 5000, 100);
    start(R"({"drain_timeout_seconds": 0})");
    const auto hanging_round = [](const std::string& group, const std::string& concurrency) {
        return round(R"({"timeout_seconds": 3600, "deadline_seconds": 3600, "group": ")" + group +
                     R"(", "concurrency": )" + concurrency + "}");
    };
    Client first = client();
    first.send(hanging_round(group().name, "200"));
    ASSERT_TRUE(host().wait_for_sessions(200));
    {
        Client second = client();
        second.send(hanging_round("blog", "256"));
        ASSERT_TRUE(host().wait_for_sessions(256));
        EXPECT_TRUE(is_problem(check("{}"), 503, "too_many_requests", "256"));
        EXPECT_TRUE(is_problem(get("/v1/processes/5099/health"), 503, "too_many_requests"));
        EXPECT_EQ(host().sessions(), 256U);
    }
    ASSERT_TRUE(host().wait_for_sessions(200)) << "the second round outlives its client";
    EXPECT_EQ(json(check(R"({"group": "blog", "timeout_seconds": 0.01})"))["summary"]["total"],
              100);
    EXPECT_FALSE(first.has_input());
    host().stop();
}

TEST_F(HealthTest, KeepsSomeChecksAtOnceForAdministrators) {
    add_hanging(group(), first_pid, 300);
    start(R"({"drain_timeout_seconds": 0})");
    Client user = client();
    const Headers password{{"X-Passenger-Connect-Password", group().password}};
    user.send(round(R"({"timeout_seconds": 3600, "deadline_seconds": 3600, "concurrency": 256})",
                    password));
    ASSERT_TRUE(host().wait_for_sessions(192));
    EXPECT_TRUE(is_problem(check("{}", password), 503, "too_many_requests", "192"));
    EXPECT_EQ(host().sessions(), 192U);
    const std::string mine = R"({"processes": ["1299"], "timeout_seconds": 0.01})";
    EXPECT_EQ(state(json(check(mine))["results"][0]), "unhealthy first_byte_timeout");
    host().stop();
}

TEST_F(HealthTest, LeavesOthersTheChecksAtOnceThatItHasNoProcessesFor) {
    add_hanging(group(), first_pid, 1);
    Group& blog = host().add_group("blog");
    host().add_worker(blog, 202, {}, behave::answer_pid());
    start(R"({"drain_timeout_seconds": 0})");
    Client hanging = client();
    hanging.send(round(R"({"processes": ["1000"], "concurrency": 256, "timeout_seconds": 3600})"));
    ASSERT_TRUE(host().wait_for_sessions(1));
    EXPECT_EQ(json(check(R"({"group": "blog"})"))["summary"]["healthy"], 1);
    host().stop();
}

// ---------------------------------------------------------------- visitors first

TEST_F(HealthTest, LeavesVisitorsTheLastFreeProcess) {
    const auto busy = worker(101, behave::answer_pid());
    const auto free = worker(102, behave::answer_pid());
    start();
    host().visitor_enters(*busy);
    const Json::Value results = json(check(R"({"wait_seconds": 0})"))["results"];
    EXPECT_EQ(state(results[0]), "busy busy");
    EXPECT_TRUE(results[0]["busy_since"].asString().starts_with("20"));
    EXPECT_EQ(state(results[1]), "busy last_free_slot");
    EXPECT_TRUE(free->worker().requests().empty());
    host().visitor_leaves(*busy);
    EXPECT_EQ(json(check("{}"))["summary"]["healthy"], 2);
}

TEST_F(HealthTest, ItsOwnChecksDoNotTakeTheSlotThatItLeavesVisitors) {
    add_hanging(group(), 101, 8);
    start();
    const Json::Value document =
        json(check(R"({"timeout_seconds": 0.3, "wait_seconds": 0, "concurrency": 8})"));
    for (const Json::Value& result : document["results"]) {
        EXPECT_EQ(state(result), "unhealthy first_byte_timeout");
    }
    EXPECT_EQ(document["summary"]["total"], 8);
}

TEST_F(HealthTest, WhatWasPutOffWhenTheDeadlineComesIsSaidToHaveNoFreeSlot) {
    add_hanging(group(), 101, 3);
    start();
    const Json::Value document = json(check(
        R"({"timeout_seconds": 60, "wait_seconds": 0, "concurrency": 3, "deadline_seconds": 0.3})"));
    std::vector<std::string> states; // Whose turn comes last is left open.
    for (const Json::Value& result : document["results"]) {
        states.push_back(state(result));
    }
    std::sort(states.begin(), states.end());
    const std::vector<std::string> expected{"busy last_free_slot", "skipped deadline",
                                            "skipped deadline"};
    EXPECT_EQ(states, expected);
}

TEST_F(HealthTest, ChecksAGroupsOnlyProcessUnlessVisitorsWait) {
    const auto only = worker(101, behave::answer_pid());
    start();
    EXPECT_EQ(state(json(get("/v1/processes/101/health"))["result"]), "healthy");
    host().locked([&](Pool&) { group().get_wait_list_size = 1; });
    EXPECT_EQ(state(json(get("/v1/processes/101/health?wait=0"))["result"]), "busy last_free_slot");
}

// ---------------------------------------------------------------- one

TEST_F(HealthTest, OfOneProcessIsAnswered200WhateverItIs) {
    const auto process = worker(101, behave::answer_pid());
    start();
    const std::string path = "/v1/processes/101/health";
    Client connection = client();
    Response response = connection.get(path + "?path=/up%3Fa%3D1&body=101%20GET%20/up");
    EXPECT_EQ(response.status, 200);
    Json::Value result = json(response)["result"];
    EXPECT_EQ(names_in_order(result),
              (std::vector<std::string>{"pid", "gupid", "group", "state", "reason", "detail",
                                        "status", "latency_seconds", "body_bytes", "route",
                                        "busy_since", "checked_at"}));
    EXPECT_EQ(state(result), "healthy");
    EXPECT_EQ(result["body_bytes"], 15); // "101 GET /up?a=1"
    EXPECT_TRUE(result["detail"].isNull());
    EXPECT_GT(result["latency_seconds"].asDouble(), 0);

    response = connection.get(path + "?status=500");
    EXPECT_EQ(response.status, 200);
    result = json(response)["result"];
    EXPECT_EQ(state(result), "unhealthy bad_status");
    EXPECT_EQ(result["status"], 200);

    process->worker().behave(behave::never_answer());
    EXPECT_EQ(state(json(connection.get(path + "?timeout=0.05"))["result"]),
              "unhealthy first_byte_timeout");
    process->worker().behave(behave::fall_silent_after("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(state(json(connection.get(path + "?timeout=0.05"))["result"]),
              "unhealthy read_timeout");
    process->worker().behave(behave::close_at_once());
    EXPECT_EQ(state(json(connection.get(path))["result"]), "unhealthy reset");
    process->worker().behave(behave::answer_pid());
    EXPECT_EQ(state(json(connection.get(path))["result"]), "healthy");
    EXPECT_EQ(connection.request({"HEAD", path}).status, 200);
    process->worker().stop();
    EXPECT_EQ(state(json(get(path))["result"]), "unhealthy refused");
    EXPECT_EQ(state(json(get(path))["result"]), "skipped detached");
    host().remove(process);
    EXPECT_TRUE(is_problem(get(path), 404, "process_not_found"));
}

TEST_F(HealthTest, GoesDirectToABusyProcessThatHasADebugSocket) {
    const auto ruby = ruby_worker(101, behave::answer_pid());
    start();
    host().visitor_enters(*ruby);
    const Json::Value result = json(get("/v1/processes/101/health"))["result"];
    EXPECT_EQ(result["route"], "direct");
    EXPECT_EQ(state(json(get("/v1/processes/101/health?route=pool&wait=0"))["result"]),
              "busy busy");
    host().visitor_leaves(*ruby);
    EXPECT_EQ(json(get("/v1/processes/101/health"))["result"]["route"], "pool");
}

TEST_F(HealthTest, OfAProcessIsOneRequestThatIsTriedAgainOnlyOnAStaleConnection) {
    const auto process = worker(101, behave::answer_pid());
    start();
    EXPECT_EQ(state(json(get("/v1/processes/101/health"))["result"]), "healthy");
    process->worker().drop_idle_connections();
    EXPECT_EQ(state(json(get("/v1/processes/101/health"))["result"]), "healthy");
    EXPECT_EQ(process->worker().connections(), 2U);
    EXPECT_EQ(process->worker().requests().size(), 2U);
}

// ---------------------------------------------------------------- what is refused

TEST_F(HealthTest, ChecksNothingWithoutAccess) {
    use_agent_config(R"({"api_server_authorizations": [
        {"username": "boss", "password": "boss-secret", "level": "full"},
        {"username": "watch", "password": "watch-secret", "level": "readonly"}]})");
    group().password = "shop-password-1";
    worker(101, behave::answer_pid());
    Group& blog = host().add_group("blog");
    blog.password = "blog-password-2";
    host().add_worker(blog, 202, {}, behave::answer_pid());
    start();
    const Headers nobody = {{"X-Passenger-Connect-Password", "no-password-3"}};
    const Headers holder = {{"X-Passenger-Connect-Password", "blog-password-2"}};
    const Headers watch = basic("watch", "watch-secret");
    const Headers boss = basic("boss", "boss-secret");

    EXPECT_TRUE(is_problem(check("{}", nobody), 401, "unauthorized"));
    EXPECT_TRUE(is_problem(get("/v1/processes/101/health", nobody), 401, "unauthorized"));
    EXPECT_TRUE(is_problem(check("no json", nobody), 401, "unauthorized"));
    EXPECT_TRUE(is_problem(check("{}", watch), 403, "forbidden"));
    EXPECT_TRUE(is_problem(get("/v1/processes/101/health", watch), 403, "forbidden"));
    EXPECT_TRUE(is_problem(get("/v1/processes/101/health", holder), 404, "process_not_found"));
    EXPECT_TRUE(is_problem(check(R"({"processes": ["101"]})", holder), 404, "process_not_found"));
    EXPECT_TRUE(is_problem(check(R"~({"group": "/srv/shop (production)"})~", holder), 404,
                           "group_not_found"));
    EXPECT_EQ(host().calls("session_open"), 0U);

    const Json::Value own = json(check("{}", holder))["results"];
    ASSERT_EQ(own.size(), 1U);
    EXPECT_EQ(own[0]["pid"], 202);
    EXPECT_EQ(json(check("{}", boss))["summary"]["healthy"], 2);
}

TEST_F(HealthTest, RefusesWhatItDoesNotUnderstand) {
    worker(101, behave::answer_pid());
    start();
    EXPECT_TRUE(is_problem(check("[]"), 400, "bad_body"));
    EXPECT_TRUE(is_problem(check(R"({"grup": "x"})"), 400, "bad_body", "grup"));
    EXPECT_TRUE(is_problem(check(R"({"path": "up"})", as_lines), 400, "bad_body", "path"));
    EXPECT_TRUE(
        is_problem(get("/v1/processes/101/health?timeout=0"), 400, "bad_parameter", "timeout"));
    EXPECT_TRUE(is_problem(check(std::string(600'000, ' ')), 413, "body_too_large"));
    EXPECT_TRUE(is_problem(send({"PUT", "/v1/health"}), 405, "method_not_allowed"));
    EXPECT_TRUE(is_problem(send({"POST", "/v1/processes/101/health"}), 405, "method_not_allowed"));
    EXPECT_TRUE(is_problem(check(R"({"group": "nope"})"), 404, "group_not_found"));
    EXPECT_EQ(host().calls("session_open"), 0U);
}

TEST_F(HealthTest, OfAnEmptyPoolIsAnEmptyAnswer) {
    start();
    const Json::Value document = json(check("{}"));
    EXPECT_TRUE(document["results"].isArray());
    EXPECT_EQ(document["summary"]["total"], 0);
    const std::vector<Json::Value> told = lines(check("{}", as_lines));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["summary"]["total"], 0);
}

} // namespace gangway::test
