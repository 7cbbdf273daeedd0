// What is special to one protocol or one route.
#include "fixture.h"

namespace gangway::test {

class Protocols : public ModuleTest {};

TEST_F(Protocols, TheSessionProtocolHasPassengersVariables) {
    const auto process = worker(101, behave::answer_pid());
    start();
    ASSERT_EQ(send({"POST",
                    request_path(101, "/a%20b/c?x=1&y=2"),
                    {{"Content-Type", "text/plain"}, {"X-Some-Thing", "v"}},
                    "hello"})
                  .status,
              200);
    const WorkerRequest request = process->worker().requests().at(0);
    EXPECT_EQ(request.field("REQUEST_URI"), "/a%20b/c?x=1&y=2");
    EXPECT_EQ(request.field("PATH_INFO"), "/a%20b/c");
    EXPECT_EQ(request.field("SCRIPT_NAME"), "");
    EXPECT_EQ(request.field("QUERY_STRING"), "x=1&y=2");
    EXPECT_EQ(request.field("REQUEST_METHOD"), "POST");
    EXPECT_EQ(request.field("SERVER_NAME"), "localhost");
    EXPECT_EQ(request.field("SERVER_PORT"), "80");
    EXPECT_EQ(request.field("SERVER_PROTOCOL"), "HTTP/1.1");
    EXPECT_EQ(request.field("REMOTE_ADDR"), "127.0.0.1");
    EXPECT_TRUE(request.field("REMOTE_PORT").has_value());
    EXPECT_TRUE(request.field("SERVER_SOFTWARE").has_value());
    EXPECT_EQ(request.field("CONTENT_TYPE"), "text/plain");
    EXPECT_EQ(request.field("CONTENT_LENGTH"), "5");
    EXPECT_EQ(request.field("PASSENGER_CONNECT_PASSWORD"), "group-password");
    EXPECT_EQ(request.field("HTTP_X_SOME_THING"), "v");
    EXPECT_EQ(request.field("HTTP_CONTENT_TYPE"), std::nullopt);
    EXPECT_EQ(request.field("HTTP_CONTENT_LENGTH"), std::nullopt);
    EXPECT_EQ(request.field("HTTP_CONNECTION"), std::nullopt);
}

TEST_F(Protocols, AVariableStandsOnceInTheSessionProtocol) {
    const auto process = worker(101, behave::answer_pid());
    start();
    ASSERT_EQ(get(request_path(101), {{"X-Twice", "1"}, {"X-Twice", "2"}}).status, 200);
    const WorkerRequest request = process->worker().requests().at(0);
    EXPECT_EQ(request.field_count("HTTP_X_TWICE"), 1U);
    const std::string value = request.field("HTTP_X_TWICE").value_or("");
    EXPECT_NE(value.find('1'), std::string::npos) << value;
    EXPECT_NE(value.find('2'), std::string::npos) << value;
}

TEST_F(Protocols, NamesThatCouldForgeAnotherVariableAreDroppedInTheSessionProtocol) {
    const auto process = worker(101, behave::answer_pid());
    start();
    ASSERT_EQ(
        get(request_path(101), {{"X-User", "real"}, {"X_User", "forged"}, {"X.User", "f"}}).status,
        200);
    const WorkerRequest request = process->worker().requests().at(0);
    EXPECT_EQ(request.field_count("HTTP_X_USER"), 1U);
    EXPECT_EQ(request.field("HTTP_X_USER"), "real");
}

TEST_F(Protocols, AnHttpProcessGetsDuplicatesAndOddNamesAsTheyAre) {
    const auto process = worker(101, behave::answer_pid(), http);
    start();
    ASSERT_EQ(get(request_path(101), {{"X-Twice", "1"}, {"X-Twice", "2"}, {"X_Odd", "3"}}).status,
              200);
    const WorkerRequest request = process->worker().requests().at(0);
    EXPECT_EQ(request.header_count("X-Twice"), 2U);
    EXPECT_EQ(request.header("X_Odd"), "3");
    EXPECT_EQ(request.header("X-Passenger-Connect-Password"), std::nullopt);
}

TEST_F(Protocols, AnHttpProcessGetsOneFraming) {
    const auto process = worker(101, behave::echo(), http);
    start();
    ASSERT_EQ(send({"POST", request_path(101), {}, "abc", true}).body, "abc");
    const WorkerRequest chunked = process->worker().requests().back();
    EXPECT_EQ(chunked.header_count("Transfer-Encoding"), 1U);
    EXPECT_EQ(chunked.header_count("Content-Length"), 0U);
    ASSERT_EQ(send({"POST", request_path(101), {}, "abc"}).body, "abc");
    const WorkerRequest fixed = process->worker().requests().back();
    EXPECT_EQ(fixed.header_count("Transfer-Encoding"), 0U);
    EXPECT_EQ(fixed.header("Content-Length"), "3");
}

TEST_F(Protocols, TheEndOfAFixedUploadIsTheEndOfItsLengthForAnHttpProcess) {
    // Many HTTP servers, Node.js among them, take a half-close for an abort.
    worker(
        101,
        [](WorkerRequest& request, ConnectionIo& io) {
            io.read_body(request);
            io.write(behave::ok(io.peer_closes_within(Milliseconds(100)) ? "closed" : "open",
                                "Connection: close\r\n"));
        },
        http);
    start();
    EXPECT_EQ(send({"POST", request_path(101), {}, "12345"}).body, "open");
    EXPECT_EQ(send({"POST", request_path(101), {}, "12345", true}).body, "open");
}

// ---------------------------------------------------------------- stale connections

class StaleConnection : public ModuleTest, public ::testing::WithParamInterface<WorkerOptions> {
  protected:
    // A process that was asked "GET /", with a connection that the host will hand out again.
    std::shared_ptr<Process> start_with_kept_connection() {
        auto process = worker(101, behave::answer_pid(true), GetParam());
        start();
        EXPECT_EQ(get(request_path(101)).status, 200);
        EXPECT_TRUE(host().wait_for_sessions(0));
        host().locked([&](Pool&) {
            EXPECT_EQ(process->sockets[0].idle.size(), 1U) << "the connection was not kept";
        });
        return process;
    }
    // And which the process has closed.
    std::shared_ptr<Process> start_with_stale_connection() {
        auto process = start_with_kept_connection();
        process->worker().drop_idle_connections();
        return process;
    }
    // "GET /, POST /": what the process has got.
    static std::string asked(const Process& process) {
        std::string text;
        for (const WorkerRequest& request : process.worker().requests()) {
            text += (text.empty() ? "" : ", ") + request.method + " " + request.target;
        }
        return text;
    }
};

INSTANTIATE_TEST_SUITE_P(EachProtocol, StaleConnection, ::testing::Values(session, http),
                         [](const auto& test) {
                             return test.param.protocol == GANGWAY_PROTOCOL_SESSION ? "Session"
                                                                                    : "Http";
                         });

TEST_P(StaleConnection, ASafeRequestWithoutBodyIsSentAgainOnANewOne) {
    const auto process = start_with_stale_connection();
    const Response response = get(request_path(101, "/again"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "101 GET /again");
    EXPECT_EQ(process->worker().requests().size(), 2U);
}

TEST_P(StaleConnection, AnUnsafeRequestIsNeverSentTwice) {
    // The process takes the request and dies of it, on the new connection.
    const auto process = start_with_stale_connection();
    process->worker().behave(behave::close_at_once());
    const Response response = send({"POST", request_path(101), {}, "order=1"});
    EXPECT_TRUE(is_problem(response, 502, "worker_closed"));
    EXPECT_EQ(asked(*process), "GET /, POST /");
}

TEST_P(StaleConnection, AnUnsafeRequestThatWasTakenOnTheOldOneIsNeverSentTwice) {
    const auto process = start_with_kept_connection();
    process->worker().behave(behave::close_at_once());
    EXPECT_TRUE(is_problem(send({"DELETE", request_path(101)}), 502, "worker_closed"));
    EXPECT_EQ(asked(*process), "GET /, DELETE /");
}

TEST_P(StaleConnection, AnUnsafeRequestOfWhichNothingWasHeardIsSentOnANewOne) {
    // The process closed the connection long before: nothing can have been lost.
    const auto process = start_with_stale_connection();
    const Response response = send({"POST", request_path(101), {}, "order=1"});
    EXPECT_EQ(response.body, "101 POST /");
    EXPECT_EQ(asked(*process), "GET /, POST /");
}

TEST_P(StaleConnection, ASafeRequestIsSentAgainOnceOnly) {
    const auto process = start_with_kept_connection();
    process->worker().behave(behave::close_at_once());
    EXPECT_TRUE(is_problem(get(request_path(101, "/x")), 502, "worker_closed"));
    EXPECT_EQ(asked(*process), "GET /, GET /x, GET /x");
}

TEST_P(StaleConnection, ASafeRequestWithABodyIsNotSentAgain) {
    const auto process = start_with_kept_connection();
    process->worker().behave(behave::close_at_once());
    const Response response = send({"GET", request_path(101, "/x"), {}, "body"});
    EXPECT_TRUE(is_problem(response, 502, "worker_closed"));
    EXPECT_EQ(asked(*process), "GET /, GET /x");
}

// Whoever notices first: Passenger, or the second attempt, which is refused.
TEST_P(StaleConnection, AProcessThatDiesOfASafeRequestOnTheOldOneIsWorkerClosed) {
    const auto process = start_with_kept_connection();
    process->worker().behave([&](WorkerRequest&, ConnectionIo&) {
        host().locked([&](Pool&) { process->enabled = GANGWAY_PROCESS_DETACHED; });
    });
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "worker_closed"));
    EXPECT_TRUE(is_problem(get(request_path(101)), 503, "process_not_routable"));
    EXPECT_EQ(asked(*process), "GET /, GET /");
}

TEST_P(StaleConnection, AProcessThatIsGoneAfterASafeRequestOnTheOldOneIsWorkerClosed) {
    const auto process = start_with_kept_connection();
    process->worker().behave([&](WorkerRequest&, ConnectionIo&) { host().remove(process); });
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "worker_closed"));
    EXPECT_TRUE(is_problem(get(request_path(101)), 404, "process_not_found"));
    EXPECT_EQ(asked(*process), "GET /, GET /");
}

// ---------------------------------------------------------------- routes

class Routes : public ModuleTest {};

TEST_F(Routes, DirectReachesTheDebugSocketWithThePassword) {
    const auto process = ruby_worker(living_pid, behave::answer_pid());
    start();
    const Response response =
        get(request_path(living_pid, "/x?y"), {{"X-Gangway-Route", "direct"}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, std::to_string(living_pid) + " GET /x?y");
    EXPECT_EQ(response.header("X-Gangway-Route"), "direct");
    EXPECT_EQ(response.header("X-Gangway-Process"),
              std::to_string(living_pid) + " gupid-" + std::to_string(living_pid));
    EXPECT_EQ(host().processed(*process), 0U) << "not counted";
    ASSERT_EQ(process->worker(1).requests().size(), 1U);
    EXPECT_EQ(process->worker(1).requests()[0].header("X-Passenger-Connect-Password"),
              "group-password");
    EXPECT_TRUE(process->worker(0).requests().empty());
}

TEST_F(Routes, DirectWorksWhileTheProcessIsBusy) {
    const auto process = ruby_worker(living_pid, behave::answer_pid());
    start();
    host().visitor_enters(*process);
    const Response response = get(request_path(living_pid), {{"X-Gangway-Route", "direct"}});
    EXPECT_EQ(response.status, 200);
    host().visitor_leaves(*process);
}

TEST_F(Routes, DirectIsNotSentToWhoeverHasTheSocketOfAProcessThatHasEnded) {
    constexpr int no_pid = 999'999'999; // Beyond what a kernel gives out.
    const auto process = ruby_worker(no_pid, behave::answer_pid());
    start();
    EXPECT_TRUE(is_problem(get(request_path(no_pid), {{"X-Gangway-Route", "direct"}}), 502,
                           "connect_failed"));
    EXPECT_TRUE(process->worker().requests().empty());
}

// As when both the port and the pid of a process that has died were had by a stranger.
TEST_F(Routes, DirectIsNotSentToASocketThatIsAnotherUsers) {
    const auto process = ruby_worker(living_pid, behave::answer_pid());
    group().uid = ::geteuid() + 1;
    start();
    EXPECT_TRUE(is_problem(get(request_path(living_pid), {{"X-Gangway-Route", "direct"}}), 502,
                           "connect_failed"));
    EXPECT_TRUE(process->worker(1).requests().empty());
}

TEST_F(Routes, DirectIsUnavailableWithABodyOrWithoutDebugSocket) {
    ruby_worker(101, behave::answer_pid());
    worker(102, behave::answer_pid());
    start();
    const Headers direct = {{"X-Gangway-Route", "direct"}};
    EXPECT_TRUE(
        is_problem(send({"POST", request_path(101), direct, "body"}), 409, "route_unavailable"));
    EXPECT_TRUE(is_problem(get(request_path(102), direct), 409, "route_unavailable"));
}

TEST_F(Routes, AutoTakesThePoolWhileTheProcessIsFree) {
    ruby_worker(101, behave::answer_pid());
    start();
    EXPECT_EQ(get(request_path(101)).header("X-Gangway-Route"), "pool");
}

TEST_F(Routes, AutoTakesTheDebugSocketWhileTheProcessIsBusy) {
    const auto process = ruby_worker(living_pid, behave::answer_pid());
    start();
    host().visitor_enters(*process);
    const Response response = get(request_path(living_pid));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("X-Gangway-Route"), "direct");
    host().visitor_leaves(*process);
}

TEST_F(Routes, PoolWaitsEvenWhereThereIsADebugSocket) {
    const auto process = ruby_worker(101, behave::answer_pid());
    start();
    host().visitor_enters(*process);
    const Headers pool = {{"X-Gangway-Route", "pool"}, {"X-Gangway-Wait", "0"}};
    EXPECT_TRUE(is_problem(get(request_path(101), pool), 503, "process_busy"));
    host().visitor_leaves(*process);
}

TEST_F(Routes, ABadSteeringHeaderIsNamed) {
    const auto process = ruby_worker(101, behave::answer_pid());
    start();
    const std::vector<std::pair<std::string, std::string>> table = {
        {"X-Gangway-Route", "fast"},  {"X-Gangway-Route", ""},    {"X-Gangway-Wait", "-1"},
        {"X-Gangway-Wait", "soon"},   {"X-Gangway-Wait", "3601"}, {"X-Gangway-Wait", "1s"},
        {"X-Gangway-Wait", "nan"},    {"X-Gangway-Timeout", "0"}, {"X-Gangway-Timeout", "86401"},
        {"X-Gangway-Timeout", "inf"},
    };
    for (const auto& [name, value] : table) {
        EXPECT_TRUE(is_problem(get(request_path(101), {{name, value}}), 400, "bad_header", name))
            << value;
    }
    EXPECT_TRUE(process->worker().requests().empty());
}

} // namespace gangway::test
