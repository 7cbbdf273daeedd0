// Continuous checks: what they find, where it is told, and what is done about it.
#include "fixture.h"

#include <algorithm>
#include <map>

namespace gangway::test {

namespace {

// Beyond what Linux gives (proc(5), pid_max): whatever is ejected, nobody is signalled.
constexpr std::int64_t first_pid = 5'000'001;

// Every 50 ms, up or down at once, and what else is given: `"key": value, …`.
std::string every_50_ms(const std::string& more = {}) {
    return R"({"health": [{"group": "*", "path": "/health", "interval_seconds": 0.05, "rise": 1,)"
           R"( "fall": 1, "timeout_seconds": 0.5)" +
           (more.empty() ? "" : ", " + more) + "}]}";
}

Behaviour erring() {
    return behave::raw("HTTP/1.1 500 Oh\r\nStatus: 500 Oh\r\nContent-Length: 0\r\n\r\n");
}

std::string joined(const std::vector<LogLine>& log) {
    std::string text;
    for (const LogLine& line : log) {
        text += line.text + '\n';
    }
    return text;
}

std::size_t occurrences(const std::string& text, const std::string& of) {
    std::size_t count = 0;
    for (std::size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) {
        ++count;
    }
    return count;
}

} // namespace

class ContinuousHealth : public ModuleTest {
  protected:
    // There may always be a session of a check: until the module ends.
    void TearDown() override {
        host().stop();
        ModuleTest::TearDown();
    }

    std::shared_ptr<Process> add(Behaviour behaviour) {
        return worker(next_pid_++, std::move(behaviour));
    }
    Json::Value health(const std::string& query = {}) { return json(get("/v1/health" + query)); }
    Json::Value shop() {
        const Json::Value document = health();
        for (const Json::Value& group : document["groups"]) {
            if (group["name"] == "/srv/shop (production)") {
                return group;
            }
        }
        return {};
    }
    Json::Value watched(const Process& process) {
        const Json::Value document = health();
        for (const Json::Value& row : document["processes"]) {
            if (row["pid"].asInt64() == process.pid) {
                return row;
            }
        }
        return {};
    }
    bool becomes(const Process& process, const std::string& state) {
        return eventually([&] { return watched(process)["state"] == state; });
    }

  private:
    std::int64_t next_pid_ = first_pid;
};

TEST_F(ContinuousHealth, NothingIsCheckedUnlessItIsConfigured) {
    const auto process = add(behave::answer_pid());
    start();
    EXPECT_TRUE(health()["groups"].isArray());
    EXPECT_EQ(health()["groups"].size(), 0U);
    EXPECT_TRUE(json(get("/v1/processes"))["processes"][0]["health"].isNull());
    EXPECT_TRUE(is_problem(get("/v1/health/live?group=%2Fsrv%2Fshop%20(production)"), 404,
                           "health_not_configured"));
    EXPECT_EQ(process->worker().connections(), 0U);
    EXPECT_EQ(foreign_threads(host().before_start()).size(), 1U);
}

TEST_F(ContinuousHealth, AWrongConfigurationKeepsTheModuleFromStarting) {
    const std::string error =
        host().start(R"({"health": [{"group": "*", "interval_seconds": 0}]})");
    EXPECT_NE(error.find(R"("health[0].interval_seconds" must be )"), std::string::npos) << error;
    EXPECT_FALSE(host().started());
}

TEST_F(ContinuousHealth, EachProcessHasItsStateInBothLists) {
    const auto well = add(behave::answer_pid());
    const auto errs = add(erring());
    const auto hangs = add(behave::never_answer());
    const auto closes = add(behave::close_at_once());
    start(every_50_ms());
    EXPECT_TRUE(becomes(*well, "healthy"));
    EXPECT_TRUE(becomes(*errs, "unhealthy"));
    EXPECT_TRUE(becomes(*hangs, "unhealthy"));
    EXPECT_TRUE(becomes(*closes, "unhealthy"));
    const std::map<std::int64_t, std::string> reasons{{well->pid, ""},
                                                      {errs->pid, "bad_status"},
                                                      {hangs->pid, "first_byte_timeout"},
                                                      {closes->pid, "reset"}};
    const Json::Value rows = json(get("/v1/processes?fields=pid,health"))["processes"];
    ASSERT_EQ(rows.size(), 4U);
    for (const Json::Value& row : rows) {
        const std::string& reason = reasons.at(row["pid"].asInt64());
        EXPECT_EQ(row["health"]["state"].asString(), reason.empty() ? "healthy" : "unhealthy");
        EXPECT_EQ(row["health"]["reason"].asString(), reason);
        EXPECT_TRUE(row["health"]["since"].isString());
    }
    EXPECT_EQ(watched(*hangs)["last"]["reason"].asString(), "first_byte_timeout");
    EXPECT_EQ(watched(*errs)["last"]["status"].asInt(), 500);
    const Json::Value counts = shop();
    EXPECT_EQ(counts["total"].asInt(), 4);
    EXPECT_EQ(counts["healthy"].asInt(), 1);
    EXPECT_EQ(counts["unhealthy"].asInt(), 3);
    EXPECT_EQ(host().calls("process_detach"), 0U);
}

TEST_F(ContinuousHealth, AProcessIsAskedAsConfigured) {
    const auto process = add(behave::answer_pid());
    start(every_50_ms(R"("headers": {"Host": "shop.example", "X-Why": "health"})"));
    ASSERT_TRUE(process->worker().wait_for_requests(1));
    const WorkerRequest request = process->worker().requests().front();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/health");
    EXPECT_EQ(request.header("Host"), "shop.example");
    EXPECT_EQ(request.header("X-Why"), "health");
}

TEST_F(ContinuousHealth, AProcessThatIsWellAgainIsHealthyAgain) {
    const auto process = add(erring());
    start(every_50_ms());
    ASSERT_TRUE(becomes(*process, "unhealthy"));
    process->worker().behave(behave::answer_pid());
    EXPECT_TRUE(becomes(*process, "healthy"));
    const std::string log = joined(host().log());
    EXPECT_EQ(occurrences(log, " is unhealthy: bad_status: "), 1U) << log;
    EXPECT_EQ(occurrences(log, " is healthy again"), 1U) << log;
}

TEST_F(ContinuousHealth, ABusyProcessIsNotAnUnhealthyOneUntilTheLimit) {
    const auto process = add(behave::answer_pid());
    host().visitor_enters(*process);
    start(every_50_ms(R"("busy_limit_seconds": 1)"));
    ASSERT_TRUE(eventually([&] { return watched(*process)["last"]["state"] == "busy"; }));
    EXPECT_EQ(watched(*process)["state"].asString(), "unknown");
    EXPECT_TRUE(becomes(*process, "unhealthy"));
    EXPECT_EQ(watched(*process)["last"]["reason"].asString(), "busy_too_long");
    host().visitor_leaves(*process);
    EXPECT_TRUE(becomes(*process, "healthy"));
}

TEST_F(ContinuousHealth, AProcessThatIsBusyForLongerThanTheLimitIsUnhealthyFromTheFirstCheckOn) {
    const auto process = add(behave::answer_pid());
    host().visitor_enters(*process);
    host().locked([&](Pool&) { process->last_used_usec = now_usec() - 700'000'000; });
    start(every_50_ms(R"("busy_limit_seconds": 600)"));
    EXPECT_TRUE(becomes(*process, "unhealthy"));
    EXPECT_EQ(watched(*process)["last"]["reason"].asString(), "busy_too_long");
    EXPECT_EQ(watched(*process)["failures"], watched(*process)["checks"]);
}

TEST_F(ContinuousHealth, AProcessThatComesIsCheckedAndOneThatGoesIsForgotten) {
    const auto first = add(behave::answer_pid());
    start(every_50_ms());
    ASSERT_TRUE(becomes(*first, "healthy"));
    std::shared_ptr<Process> second;
    host().locked([&](Pool&) { second = add(behave::answer_pid()); });
    host().remove(first);
    EXPECT_TRUE(becomes(*second, "healthy"));
    EXPECT_TRUE(eventually([&] { return watched(*first).isNull(); }));
    EXPECT_EQ(shop()["total"].asInt(), 1);
}

TEST_F(ContinuousHealth, LivenessIsTheGroupsHealth) {
    const std::string live = "/v1/health/live?group=%2Fsrv%2Fshop%20(production)";
    const auto process = add(behave::answer_pid());
    start(every_50_ms());
    ASSERT_TRUE(becomes(*process, "healthy"));
    const Response answer = get(live);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(json(answer)["live"].asBool());
    EXPECT_EQ(get(live + "&minimum=2").status, 503);
    process->worker().behave(erring());
    ASSERT_TRUE(becomes(*process, "unhealthy"));
    const Response down = get(live);
    EXPECT_EQ(down.status, 503);
    EXPECT_FALSE(json(down)["live"].asBool());
    EXPECT_EQ(json(down)["healthy"].asInt(), 0);
}

TEST_F(ContinuousHealth, TheHolderOfAnotherGroupsPasswordLearnsNothing) {
    const auto process = add(behave::answer_pid());
    Group& blog = host().add_group("blog");
    blog.password = "blog-password";
    start(every_50_ms());
    ASSERT_TRUE(becomes(*process, "healthy"));
    const Headers holder{{"X-Passenger-Connect-Password", "blog-password"}};
    const Json::Value seen = json(get("/v1/health", holder));
    EXPECT_EQ(seen["groups"].size(), 0U);
    EXPECT_EQ(seen["processes"].size(), 0U);
    const std::string live = "/v1/health/live?group=";
    const Response other = get(live + "%2Fsrv%2Fshop%20(production)", holder);
    EXPECT_TRUE(is_problem(other, 404, "health_not_configured"));
    EXPECT_EQ(other.body, get(live + "nobody", holder).body);
}

// ---------------------------------------------------------------- ejection

TEST_F(ContinuousHealth, AnUnhealthyProcessIsEjected) {
    const auto sick = add(behave::never_answer());
    const auto well = add(behave::answer_pid());
    start(every_50_ms(R"("on_unhealthy": "detach")"));
    ASSERT_TRUE(eventually([&] { return host().enabled(*sick) == GANGWAY_PROCESS_DETACHED; }));
    EXPECT_TRUE(eventually([&] { return watched(*sick).isNull(); }));
    EXPECT_EQ(host().calls("process_detach"), 1U);
    EXPECT_EQ(host().enabled(*well), GANGWAY_PROCESS_ENABLED);
    const Json::Value ejections = shop()["ejections"];
    EXPECT_EQ(ejections["on_unhealthy"].asString(), "detach");
    EXPECT_EQ(ejections["done"].asInt(), 1);
    EXPECT_TRUE(ejections["last_at"].isString());
    EXPECT_EQ(occurrences(joined(host().log()), " is ejected: first_byte_timeout"), 1U);
}

TEST_F(ContinuousHealth, NoMoreAreEjectedThanThePolicyAllows) {
    const std::vector<std::shared_ptr<Process>> sick{add(erring()), add(erring()), add(erring()),
                                                     add(erring())};
    add(behave::answer_pid());
    add(behave::answer_pid());
    start(every_50_ms(R"("on_unhealthy": "detach", "max_ejection_percent": 34)"));
    ASSERT_TRUE(eventually([&] { return shop()["ejections"]["refused"].asInt() >= 10; }));
    EXPECT_EQ(shop()["ejections"]["done"].asInt(), 2); // 34 % of six
    EXPECT_EQ(host().calls("process_detach"), 2U);
    EXPECT_EQ(std::count_if(sick.begin(), sick.end(),
                            [&](const auto& each) {
                                return host().enabled(*each) == GANGWAY_PROCESS_DETACHED;
                            }),
              2);
}

TEST_F(ContinuousHealth, ADryRunEjectsNobody) {
    const auto sick = add(erring());
    add(behave::answer_pid());
    start(every_50_ms(R"("on_unhealthy": "detach", "dry_run": true)"));
    ASSERT_TRUE(eventually([&] { return shop()["ejections"]["done"].asInt() == 1; }));
    const int checks = watched(*sick)["checks"].asInt();
    ASSERT_TRUE(eventually([&] { return watched(*sick)["checks"].asInt() > checks + 3; }));
    EXPECT_EQ(shop()["ejections"]["done"].asInt(), 1);
    EXPECT_EQ(host().calls("process_detach"), 0U);
    EXPECT_EQ(host().enabled(*sick), GANGWAY_PROCESS_ENABLED);
    EXPECT_EQ(occurrences(joined(host().log()), " would be ejected, were this no dry run: "), 1U);
}

TEST_F(ContinuousHealth, NobodyIsEjectedWhileAllFail) {
    for (int i = 0; i < 3; ++i) {
        add(behave::close_at_once());
    }
    start(every_50_ms(R"("on_unhealthy": "detach", "min_healthy": 0)"));
    ASSERT_TRUE(eventually([&] { return shop()["ejections"]["refused"].asInt() >= 12; }));
    EXPECT_EQ(shop()["unhealthy"].asInt(), 3);
    EXPECT_EQ(shop()["ejections"]["done"].asInt(), 0);
    EXPECT_EQ(host().calls("process_detach"), 0U);
    const std::string log = joined(host().log());
    EXPECT_EQ(occurrences(log, " is not ejected: whole_group: "), 3U) << log;
}

TEST_F(ContinuousHealth, AListenerHearsOfTheEjection) {
    const auto sick = add(behave::answer_pid());
    const auto well = add(behave::answer_pid());
    start(every_50_ms(R"("on_unhealthy": "detach")"));
    ASSERT_TRUE(becomes(*sick, "healthy"));
    ASSERT_TRUE(becomes(*well, "healthy"));
    Client listener = client();
    listener.send(Request{"GET", "/v1/events"});
    const Response head = listener.read_head();
    ASSERT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Type"), "text/event-stream");
    std::string text;
    while (text.find(": listening\n\n") == std::string::npos) {
        text += listener.read_raw(1);
    }
    sick->worker().behave(erring());
    while (text.find("event: process_detached\n") == std::string::npos) {
        text += listener.read_raw(1);
    }
    const std::size_t changed = text.find("event: health_changed\ndata: {\"at\":");
    const std::size_t ejected = text.find("event: ejected\ndata: {\"at\":");
    EXPECT_LT(changed, ejected) << text;
    EXPECT_LT(ejected, text.find("event: process_detached\n")) << text;
}

// ---------------------------------------------------------------- the module's life, and many

TEST_F(ContinuousHealth, StopDoesNotWaitForChecksThatHang) {
    for (int i = 0; i < 3; ++i) {
        add(behave::never_answer());
    }
    start(R"({"health": [{"group": "*", "interval_seconds": 0.05, "timeout_seconds": 3600}]})");
    ASSERT_TRUE(host().wait_for_sessions(2)); // The last slot is the visitors'.
    const auto begin = std::chrono::steady_clock::now();
    host().stop(); // looks for sessions, references, descriptors and threads
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Milliseconds(3000));
}

TEST_F(ContinuousHealth, StopDoesNotWaitForTheTimersOfChecksThatEnded) {
    const auto process = add(behave::answer_pid());
    start(R"({"health": [{"group": "*", "interval_seconds": 0.05, "timeout_seconds": 3600}]})");
    ASSERT_TRUE(becomes(*process, "healthy"));
    const auto begin = std::chrono::steady_clock::now();
    host().stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Milliseconds(3000));
}

TEST_F(ContinuousHealth, ADrainEndsTheChecks) {
    add(behave::never_answer());
    start(R"({"health": [{"group": "*", "interval_seconds": 0.05, "timeout_seconds": 3600}]})");
    ASSERT_TRUE(host().wait_for_sessions(1));
    host().begin_drain();
    EXPECT_TRUE(host().wait_for_sessions(0));
    host().stop();
}

TEST_F(ContinuousHealth, AThousandProcessesAreAllCheckedSpreadOverTheInterval) {
    constexpr std::size_t count = 1000;
    constexpr std::int64_t interval = 10;
    // One stand-in behind them all: each has a socket of its own in the pool.
    const WorkerOptions options{GANGWAY_PROTOCOL_SESSION, false, 4, 256};
    const auto answering =
        std::make_shared<Worker>(first_pid, directory(), options, behave::answer_pid(false));
    for (std::size_t i = 0; i < count; ++i) {
        const auto process = host().add_process(group(), first_pid + static_cast<std::int64_t>(i));
        Socket socket;
        socket.address = answering->address();
        socket.worker = answering;
        process->sockets.push_back(std::move(socket));
    }
    start(R"({"health": [{"group": "*", "interval_seconds": )" + std::to_string(interval) +
          R"(, "jitter_percent": 0}]})");
    ASSERT_TRUE(eventually([&] { return answering->connections() >= count; },
                           Milliseconds(2 * interval * 1000)));
    ASSERT_TRUE(eventually([&] { return shop()["healthy"].asUInt() == count; }));
    std::map<std::string, std::size_t> a_second;
    const Json::Value document = health();
    for (const Json::Value& row : document["processes"]) {
        ASSERT_FALSE(row["history"].empty()) << row["pid"];
        a_second[row["history"][0]["checked_at"].asString().substr(0, 19)]++;
    }
    EXPECT_GE(a_second.size(), static_cast<std::size_t>(interval));
    for (const auto& [second, checks] : a_second) {
        EXPECT_LE(checks, 3 * count / interval) << "in " << second;
    }
    EXPECT_EQ(occurrences(joined(host().log()), "health"), 0U);
}

} // namespace gangway::test
