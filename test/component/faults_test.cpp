// Processes that fail, and clients that leave: each gets its documented answer, and no session is
// left over.
#include "fixture.h"

namespace gangway::test {

namespace {

WorkerOptions never_accepting(WorkerOptions options) {
    options.threads = 0;
    options.backlog = 0;
    return options;
}

} // namespace

class Faults : public ModuleTest, public ::testing::WithParamInterface<WorkerOptions> {
  protected:
    std::shared_ptr<Process> start_worker(Behaviour behaviour,
                                          const std::string& config_text = {}) {
        auto process = worker(101, std::move(behaviour), GetParam());
        start(config_text);
        return process;
    }
    // After what happened: the session is closed, and the next request is served.
    void expect_recovery(Process& process) {
        ASSERT_TRUE(host().wait_for_sessions(0)) << "the session is still open";
        process.worker().behave(behave::answer_pid());
        EXPECT_EQ(get(request_path(101)).body, "101 GET /");
    }
};

INSTANTIATE_TEST_SUITE_P(EachProtocol, Faults, ::testing::Values(session, http, http_tcp),
                         [](const auto& test) {
                             const std::string name =
                                 test.param.protocol == GANGWAY_PROTOCOL_SESSION ? "Session"
                                                                                 : "Http";
                             return name + (test.param.tcp ? "OverTcp" : "OverUnix");
                         });

// ---------------------------------------------------------------- connecting

TEST_P(Faults, ARefusedConnectionIsConnectFailedAndTheProcessIsDetached) {
    const auto process = start_worker(behave::answer_pid());
    process->worker().stop();
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "connect_failed"));
    EXPECT_EQ(host().enabled(*process), GANGWAY_PROCESS_DETACHED);
    EXPECT_TRUE(is_problem(get(request_path(101)), 503, "process_not_routable"));
}

TEST_P(Faults, AFullListenQueueIsConnectTimeout) {
    const auto process =
        host().add_worker(group(), 101, never_accepting(GetParam()), behave::answer_pid());
    process->worker().fill_backlog();
    start(R"({"connect_timeout_seconds": 0.3})");
    EXPECT_TRUE(is_problem(get(request_path(101)), 504, "connect_timeout"));
    EXPECT_TRUE(is_problem(send({"POST", request_path(101), {}, "body"}), 504, "connect_timeout"));
}

TEST_P(Faults, WhileOneConnectionIsNotAcceptedOthersAreServed) {
    const auto full =
        host().add_worker(group(), 101, never_accepting(GetParam()), behave::answer_pid());
    full->worker().fill_backlog();
    worker(102, behave::answer_pid(), GetParam());
    start(R"({"connect_timeout_seconds": 2, "drain_timeout_seconds": 0})");
    Client waiting = client();
    waiting.send({"GET", request_path(101)});
    ASSERT_TRUE(host().wait_for_sessions(1));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(get(request_path(102)).body, "102 GET /");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    host().stop();
}

// ---------------------------------------------------------------- answering

TEST_P(Faults, AProcessThatClosesBeforeItAnswersIsWorkerClosed) {
    const auto process = start_worker(behave::close_at_once());
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "worker_closed"));
    EXPECT_TRUE(is_problem(send({"POST", request_path(101), {}, "body"}), 502, "worker_closed"));
    expect_recovery(*process);
}

TEST_P(Faults, AProcessThatClosesDuringAnUploadIsWorkerClosed) {
    const auto process = start_worker(
        [](WorkerRequest&, ConnectionIo& io) { static_cast<void>(io.read_some(100'000)); });
    Client connection = client();
    const Response response =
        connection.request({"POST", request_path(101), {}, behave::pattern(ten_megabytes)});
    EXPECT_TRUE(is_problem(response, 502, "worker_closed"));
    expect_recovery(*process);
}

TEST_P(Faults, AProcessThatClosesInsideItsHeadersIsWorkerClosed) {
    const auto process = start_worker(behave::raw("HTTP/1.1 200 OK\r\nContent-"));
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "worker_closed"));
    expect_recovery(*process);
}

TEST_P(Faults, AnAnswerOfFixedLengthThatBreaksOffIsCutShort) {
    const auto process =
        start_worker(behave::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part"));
    Client connection = client();
    const Response response = connection.get(request_path(101));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "only a part");
    EXPECT_FALSE(response.complete);
    EXPECT_TRUE(connection.at_end());
    expect_recovery(*process);
}

TEST_P(Faults, AChunkedAnswerThatBreaksOffHasNoLastChunk) {
    const auto process = start_worker(
        behave::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"));
    Client connection = client();
    const Response response = connection.get(request_path(101));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "part");
    EXPECT_FALSE(response.complete);
    EXPECT_TRUE(connection.at_end());
    expect_recovery(*process);
}

TEST_P(Faults, AChunkedAnswerWithABadChunkHasNoLastChunk) {
    const auto process = start_worker(behave::raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzz\r\n0\r\n\r\n"));
    const Response response = get(request_path(101));
    EXPECT_FALSE(response.status == 200 && response.complete);
    expect_recovery(*process);
}

TEST_P(Faults, WhatIsNotHttpIsBadResponse) {
    const auto process = start_worker(behave::close_at_once());
    for (const std::string& garbage :
         {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string("HTTP/1.1 abc OK\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
          std::string("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 11),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")}) {
        process->worker().behave(behave::raw(garbage));
        EXPECT_TRUE(is_problem(get(request_path(101)), 502, "bad_response")) << garbage;
    }
    expect_recovery(*process);
}

TEST_P(Faults, TooLongResponseHeadersAreBadResponse) {
    const auto process =
        start_worker(behave::raw(behave::ok("x", "X-Long: " + std::string(70'000, 'x') + "\r\n")));
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "bad_response"));
    process->worker().behave(
        behave::raw(behave::ok("x", "X-Long: " + std::string(60'000, 'x') + "\r\n")));
    EXPECT_EQ(get(request_path(101)).header("X-Long").value_or("").size(), 60'000U);
    expect_recovery(*process);
}

TEST_P(Faults, EndlessResponseHeadersAreBadResponse) {
    const auto process = start_worker([](WorkerRequest&, ConnectionIo& io) {
        io.write("HTTP/1.1 200 OK\r\n");
        for (;;) {
            io.write("X-More: and more\r\n");
        }
    });
    EXPECT_TRUE(is_problem(get(request_path(101)), 502, "bad_response"));
    expect_recovery(*process);
}

TEST_P(Faults, ASilentProcessIsFirstByteTimeout) {
    const auto process = start_worker(behave::never_answer());
    const Headers short_timeout = {{"X-Gangway-First-Byte-Timeout", "0.2"}};
    EXPECT_TRUE(is_problem(get(request_path(101), short_timeout), 504, "first_byte_timeout"));
    EXPECT_TRUE(is_problem(send({"POST", request_path(101), short_timeout, "body"}), 504,
                           "first_byte_timeout"));
    expect_recovery(*process);
}

TEST_P(Faults, ARequestThatTakesTooLongIsTotalTimeout) {
    const auto process = start_worker(behave::never_answer());
    const Headers short_timeout = {{"X-Gangway-Timeout", "0.2"}};
    EXPECT_TRUE(is_problem(get(request_path(101), short_timeout), 504, "total_timeout"));
    EXPECT_TRUE(
        is_problem(send({"POST", request_path(101), short_timeout, "body"}), 504, "total_timeout"));
    expect_recovery(*process);
}

TEST_P(Faults, TheConfiguredFirstByteTimeoutHoldsWithoutHeader) {
    const auto process =
        start_worker(behave::never_answer(), R"({"first_byte_timeout_seconds": 0.2})");
    EXPECT_TRUE(is_problem(get(request_path(101)), 504, "first_byte_timeout"));
    expect_recovery(*process);
}

TEST_P(Faults, AProcessThatFallsSilentInsideItsAnswerIsCutOff) {
    const auto process = start_worker(
        behave::fall_silent_after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst"));
    const Response response = get(request_path(101), {{"X-Gangway-Idle-Timeout", "0.2"}});
    EXPECT_EQ(response.body, "first");
    EXPECT_FALSE(response.complete);
    expect_recovery(*process);
}

TEST_P(Faults, AProcessThatStopsReadingAnUploadIsIdleTimeout) {
    const auto gate = std::make_shared<Gate>();
    const auto process = start_worker([gate](WorkerRequest&, ConnectionIo& io) { io.wait(*gate); });
    Client connection = client();
    const Response response = connection.request({"POST",
                                                  request_path(101),
                                                  {{"X-Gangway-Idle-Timeout", "0.2"}},
                                                  behave::pattern(ten_megabytes)});
    EXPECT_TRUE(is_problem(response, 504, "idle_timeout"));
    gate->open();
    expect_recovery(*process);
}

// ---------------------------------------------------------------- busy, leaving

TEST_P(Faults, ABusyProcessIsWaitedFor) {
    const auto process = start_worker(behave::answer_pid());
    host().visitor_enters(*process);
    Client waiting = client();
    waiting.send({"GET", request_path(101)});
    EXPECT_TRUE(eventually([&] { return host().calls("session_open") > 0; }));
    host().visitor_leaves(*process);
    EXPECT_EQ(waiting.read_response().body, "101 GET /");
}

TEST_P(Faults, ABusyProcessIsGivenUpAfterTheWait) {
    const auto process = start_worker(behave::answer_pid(), R"({"wait_seconds": 0.2})");
    host().visitor_enters(*process);
    for (const Headers& headers : {Headers{}, Headers{{"X-Gangway-Wait", "0"}}}) {
        const Response response = get(request_path(101), headers);
        EXPECT_TRUE(is_problem(response, 503, "process_busy"));
        const Json::Value problem = json(response);
        EXPECT_EQ(problem["sessions"], 1);
        EXPECT_TRUE(problem["busy_since"].asString().starts_with("20")) << response.body;
    }
    host().visitor_leaves(*process);
    expect_recovery(*process);
}

TEST_P(Faults, AClientThatLeavesWhileItWaitsEndsItsWait) {
    const auto process = start_worker(behave::answer_pid());
    host().visitor_enters(*process);
    {
        Client waiting = client();
        waiting.send({"GET", request_path(101), {{"X-Gangway-Wait", "3600"}}});
        EXPECT_TRUE(eventually([&] { return host().calls("session_open") > 0; }));
    }
    EXPECT_TRUE(eventually([&] { return host().references() == 0; }));
    host().visitor_leaves(*process);
    EXPECT_TRUE(process->worker().requests().empty());
    const Json::Value counters = json(get("/v1/pool"))["gangway"];
    EXPECT_EQ(counters["requests"]["aborted"], 1);
    EXPECT_TRUE(counters["errors"].empty()) << counters;
}

TEST_P(Faults, AProcessThatTakesNoSessionsIsNotRoutable) {
    const auto process = start_worker(behave::answer_pid());
    for (const auto state : {GANGWAY_PROCESS_DISABLED, GANGWAY_PROCESS_DETACHED}) {
        host().locked([&](Pool&) { process->enabled = state; });
        EXPECT_TRUE(is_problem(get(request_path(101)), 503, "process_not_routable"));
    }
    host().locked([&](Pool&) { process->enabled = GANGWAY_PROCESS_DISABLING; });
    EXPECT_EQ(get(request_path(101)).status, 200);
}

TEST_P(Faults, AProcessThatLeavesWhileItIsWaitedForIsNotFound) {
    const auto process = start_worker(behave::answer_pid());
    host().visitor_enters(*process);
    Client waiting = client();
    waiting.send({"GET", request_path(101)});
    EXPECT_TRUE(eventually([&] { return host().calls("session_open") > 0; }));
    host().remove(process);
    EXPECT_TRUE(is_problem(waiting.read_response(), 404, "process_not_found"));
}

TEST_P(Faults, AFailingHostIsAnInternalError) {
    const auto process = start_worker(behave::answer_pid());
    host().inject({0, false, true});
    EXPECT_TRUE(is_problem(get(request_path(101)), 500, "internal_error"));
    host().inject({});
    expect_recovery(*process);
}

// ---------------------------------------------------------------- clients that leave

TEST_P(Faults, AClientThatLeavesDuringItsUploadEndsTheSession) {
    const auto process = start_worker(behave::never_answer());
    {
        Client leaving = client();
        leaving.send("POST " + request_path(101) +
                     " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhalf of it");
        ASSERT_TRUE(process->worker().wait_for_requests(1));
    }
    expect_recovery(*process);
}

TEST_P(Faults, AClientThatLeavesBeforeTheAnswerEndsTheSession) {
    const auto process = start_worker(behave::never_answer());
    {
        Client leaving = client();
        leaving.send({"GET", request_path(101)});
        ASSERT_TRUE(process->worker().wait_for_requests(1));
    }
    expect_recovery(*process);
}

TEST_P(Faults, AClientThatLeavesDuringItsDownloadEndsTheSession) {
    const auto process = start_worker(behave::download(ten_megabytes, true));
    {
        Client leaving = client();
        leaving.send({"GET", request_path(101)});
        ASSERT_EQ(leaving.read_head().status, 200);
        leaving.read_raw(1000);
    }
    expect_recovery(*process);
}

TEST_P(Faults, AClientThatStopsReadingIsGivenUpAfterItsTimeout) {
    const auto process =
        start_worker(behave::download(ten_megabytes, false), R"({"client_timeout_seconds": 0.3})");
    Client stuck = client();
    stuck.send({"GET", request_path(101)});
    ASSERT_EQ(stuck.read_head().status, 200);
    expect_recovery(*process);
}

TEST_P(Faults, AClientThatStopsSendingIsGivenUpAfterItsTimeout) {
    const auto process = start_worker(behave::never_answer(), R"({"client_timeout_seconds": 0.3})");
    Client stuck = client();
    stuck.send("POST " + request_path(101) +
               " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf");
    EXPECT_TRUE(is_problem(stuck.read_response(), 408, "request_timeout"));
    expect_recovery(*process);
}

} // namespace gangway::test
