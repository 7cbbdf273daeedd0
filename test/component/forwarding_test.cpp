// Requests sent to one process, and its answers, when everything goes well.
#include "fixture.h"

namespace gangway::test {

namespace {

// The answer's line and headers as an application sends them under either protocol.
std::string head(const std::string& status, const std::string& headers) {
    return "HTTP/1.1 " + status + "\r\nStatus: " + status + "\r\n" + headers + "\r\n";
}

} // namespace

// Holds for each protocol, and for Unix and TCP sockets.
class Forwarding : public ModuleTest, public ::testing::WithParamInterface<WorkerOptions> {
  protected:
    std::shared_ptr<Process> start_worker(Behaviour behaviour) {
        auto process = worker(101, std::move(behaviour), GetParam());
        start();
        return process;
    }
    Response post(const std::string& body, bool chunked = false) {
        return send({"POST", request_path(101, "/upload"), {}, body, chunked, body.empty()});
    }
};

INSTANTIATE_TEST_SUITE_P(EachProtocol, Forwarding, ::testing::Values(session, http, http_tcp),
                         [](const auto& test) {
                             const std::string name =
                                 test.param.protocol == GANGWAY_PROTOCOL_SESSION ? "Session"
                                                                                 : "Http";
                             return name + (test.param.tcp ? "OverTcp" : "OverUnix");
                         });

TEST_P(Forwarding, AGetIsAnsweredByTheChosenProcess) {
    worker(102, behave::answer_pid(), GetParam());
    const auto process = start_worker(behave::answer_pid());
    const Response response = get(request_path(101, "/a/b%20c?x=1&y=%2F"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "101 GET /a/b%20c?x=1&y=%2F");
    EXPECT_EQ(response.header("X-Gangway-Route"), "pool");
    EXPECT_EQ(response.header("X-Gangway-Process"), "101 gupid-101");
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_EQ(host().processed(*process), 1U);
}

TEST_P(Forwarding, ProcessIsChosenByGupidToo) {
    start_worker(behave::answer_pid());
    EXPECT_EQ(get("/v1/processes/gupid-101/request/x").body, "101 GET /x");
}

TEST_P(Forwarding, APathOutsideTheApiIsForwardedWithTheProcessHeader) {
    const auto process = start_worker(behave::answer_pid());
    EXPECT_EQ(get("/cache/stats?q", {{"X-Passenger-Process", "101"}}).body,
              "101 GET /cache/stats?q");
    EXPECT_EQ(get("/", {{"X-Passenger-Process", "gupid-101"}}).body, "101 GET /");
    EXPECT_EQ(process->worker().requests()[0].header("X-Passenger-Process"), std::nullopt);
    EXPECT_TRUE(is_problem(get("/", {{"X-Passenger-Process", "7"}}), 404, "process_not_found"));
}

TEST_P(Forwarding, EveryMethodIsPassedOn) {
    start_worker(behave::answer_pid());
    for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        EXPECT_EQ(send({method, request_path(101)}).body, "101 " + method + " /");
    }
}

TEST_P(Forwarding, HeadHasNoBodyAndKeepsTheConnectionInStep) {
    start_worker(behave::answer_pid());
    Client connection = client();
    const Response response = connection.request({"HEAD", request_path(101)});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Content-Length"), "10");
    EXPECT_EQ(connection.get("/v1/pool").status, 200);
}

TEST_P(Forwarding, BodiesOfEverySizeArriveWholeInBothDirections) {
    const auto process = start_worker(behave::echo());
    for (const std::size_t size : {std::size_t{0}, std::size_t{11}, ten_megabytes}) {
        const std::string body = behave::pattern(size);
        const Response response = post(body);
        EXPECT_EQ(response.status, 200);
        EXPECT_TRUE(response.complete);
        EXPECT_TRUE(response.body == body) << response.body.size() << " of " << size;
        // Passenger leaves a length of zero out.
        EXPECT_EQ(process->worker().requests().back().header("Content-Length").value_or("0"),
                  std::to_string(size));
    }
}

TEST_P(Forwarding, AChunkedUploadArrivesWhole) {
    start_worker(behave::echo());
    for (const std::size_t size : {std::size_t{0}, std::size_t{11}, ten_megabytes}) {
        const std::string body = behave::pattern(size);
        const Response response = post(body, true);
        EXPECT_EQ(response.status, 200);
        EXPECT_TRUE(response.complete);
        EXPECT_TRUE(response.body == body) << response.body.size() << " of " << size;
    }
}

TEST_P(Forwarding, AnUploadWithoutAnswerInBetweenArrivesWhole) {
    const auto process = start_worker(behave::answer_pid());
    const std::string body = behave::pattern(ten_megabytes);
    EXPECT_EQ(post(body).body, "101 POST /upload");
    ASSERT_TRUE(host().wait_for_sessions(0));
    EXPECT_TRUE(eventually([&] { return process->worker().requests()[0].body == body; }));
}

TEST_P(Forwarding, ADownloadArrivesWholeByLengthAndInChunks) {
    const auto process = start_worker(behave::download(ten_megabytes, false));
    const std::string expected = behave::pattern(ten_megabytes);
    for (const bool chunked : {false, true}) {
        process->worker().behave(behave::download(ten_megabytes, chunked));
        const Response response = get(request_path(101));
        EXPECT_TRUE(response.complete);
        EXPECT_TRUE(response.body == expected) << response.body.size();
    }
}

TEST_P(Forwarding, EachPieceOfAnAnswerIsPassedOnAtOnce) {
    const auto gate = std::make_shared<Gate>();
    start_worker([gate](WorkerRequest&, ConnectionIo& io) {
        io.write(head("200 OK", "Transfer-Encoding: chunked\r\n") + "5\r\nevent\r\n");
        io.wait(*gate);
        io.write("0\r\n\r\n");
    });
    Client connection = client();
    connection.send({"GET", request_path(101)});
    Response response = connection.read_head();
    EXPECT_EQ(connection.read_raw(10), "5\r\nevent\r\n");
    gate->open();
    connection.read_body(response, false);
    EXPECT_TRUE(response.complete);
}

TEST_P(Forwarding, EachPieceOfAnUploadIsPassedOnAtOnce) {
    const auto gate = std::make_shared<Gate>();
    start_worker([gate](WorkerRequest& request, ConnectionIo& io) {
        io.read_body(request, [&](std::string_view piece) {
            if (!piece.empty()) {
                gate->open();
            }
        });
        io.write(behave::ok("x", "Connection: close\r\n"));
    });
    Client connection = client();
    connection.send("POST " + request_path(101) +
                    " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
    EXPECT_TRUE(eventually([&] { return gate->is_open(); }));
    connection.send("world");
    EXPECT_EQ(connection.read_response().body, "x");
}

TEST_P(Forwarding, AnAnswerThatEndsWithItsConnectionArrivesWhole) {
    start_worker(behave::raw(head("200 OK", "") + behave::pattern(100'000)));
    const Response response = get(request_path(101));
    EXPECT_TRUE(response.complete);
    EXPECT_TRUE(response.body == behave::pattern(100'000)) << response.body.size();
    EXPECT_TRUE(host().wait_for_sessions(0));
}

TEST_P(Forwarding, AnAnswerWithoutBodyByItsStatusEndsAtOnce) {
    const auto process = start_worker(behave::close_at_once());
    Client connection = client();
    for (const std::string status : {"204 No Content", "304 Not Modified"}) {
        // No length, and the connection stays open: only the status tells that it is the end.
        process->worker().behave(behave::raw(head(status, "ETag: \"x\"\r\n"), true));
        const Response response = connection.get(request_path(101));
        EXPECT_EQ(std::to_string(response.status), status.substr(0, 3));
        EXPECT_EQ(response.header("ETag"), "\"x\"");
        EXPECT_EQ(response.body, "");
        EXPECT_TRUE(host().wait_for_sessions(0));
    }
    EXPECT_EQ(connection.get("/v1/pool").status, 200);
}

TEST_P(Forwarding, StatusAndReasonAreTheApplications) {
    const auto process = start_worker(behave::close_at_once());
    for (const std::string status : {"200 OK", "201 Created", "302 Moved Elsewhere",
                                     "404 Gone Fishing", "418 I'm a teapot", "500 Oh no"}) {
        process->worker().behave(behave::raw(head(status, "Content-Length: 0\r\n")));
        const Response response = get(request_path(101));
        EXPECT_EQ(std::to_string(response.status) + " " + response.reason, status);
    }
}

TEST_P(Forwarding, AnEarlyAnswerArrivesBeforeTheUploadIsRead) {
    start_worker(
        behave::answer_early(head("413 Payload Too Large", "Content-Length: 3\r\n") + "big"));
    Client connection = client();
    connection.send("POST " + request_path(101) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(ten_megabytes) + "\r\n\r\nthe first bytes");
    const Response response = connection.read_response();
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(response.body, "big");
    connection = client();
    EXPECT_TRUE(host().wait_for_sessions(0));
}

TEST_P(Forwarding, AnEarlyAnswerArrivesWhileTheUploadIsSent) {
    start_worker(behave::answer_early(head("403 Forbidden", "Content-Length: 2\r\n") + "no"));
    const Response response = post(behave::pattern(ten_megabytes));
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(response.body, "no");
    EXPECT_TRUE(host().wait_for_sessions(0));
}

// A process of the session protocol cannot answer it; one that speaks HTTP does it itself.
TEST_P(Forwarding, ExpectContinueIsAnswered) {
    const bool speaks_http = GetParam().protocol == GANGWAY_PROTOCOL_HTTP;
    const auto process = start_worker([speaks_http](WorkerRequest& request, ConnectionIo& io) {
        if (speaks_http) {
            io.write("HTTP/1.1 100 Continue\r\n\r\n");
        }
        behave::echo()(request, io);
    });
    Client connection = client();
    connection.send("POST " + request_path(101) +
                    " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                    "Expect: 100-continue\r\n\r\n");
    EXPECT_EQ(connection.read_response().status, 100);
    connection.send("body");
    EXPECT_EQ(connection.read_response().body, "body");
    EXPECT_EQ(process->worker().requests()[0].header("Expect"),
              speaks_http ? std::optional<std::string>("100-continue") : std::nullopt);
}

TEST_P(Forwarding, ExpectContinueForAProcessThatIsNotThereGetsNoContinue) {
    start_worker(behave::echo());
    Client connection = client();
    connection.send("POST " + request_path(999) +
                    " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                    "Expect: 100-continue\r\n\r\n");
    EXPECT_TRUE(is_problem(connection.read_response(), 404, "process_not_found"));
}

TEST_P(Forwarding, AnInterimAnswerOfTheApplicationDoesNotEndTheRequest) {
    start_worker(
        behave::raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + behave::ok("done")));
    Client connection = client();
    connection.send({"GET", request_path(101)});
    const Response interim = connection.read_response();
    EXPECT_EQ(interim.status, 103);
    EXPECT_EQ(interim.header("Link"), "</a>");
    const Response response = connection.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "done");
}

TEST_P(Forwarding, ResponseHeadersArriveInOrderWithDuplicates) {
    start_worker(behave::raw(behave::ok("x", "Set-Cookie: a=1\r\nX-One: 1\r\nSet-Cookie: b=2\r\n"
                                             "X-Empty: \r\n")));
    const Response response = get(request_path(101));
    EXPECT_EQ(response.header_count("Set-Cookie"), 2U);
    EXPECT_EQ(response.header("Set-Cookie"), "a=1");
    EXPECT_EQ(response.header("X-One"), "1");
    EXPECT_EQ(response.header("X-Empty"), "");
    EXPECT_EQ(response.header_count("Content-Length"), 1U);
}

TEST_P(Forwarding, HopByHopAndPassengersOwnResponseHeadersAreDropped) {
    start_worker(behave::raw(behave::ok("x", "Connection: close, X-Private\r\nX-Private: 1\r\n"
                                             "Keep-Alive: timeout=5\r\n!~Passenger-Any: 1\r\n"
                                             "X-Gangway-Route: forged\r\n"
                                             "X-Gangway-Process: forged\r\nX-Kept: 1\r\n")));
    const Response response = get(request_path(101));
    for (const char* name : {"X-Private", "Keep-Alive", "!~Passenger-Any"}) {
        EXPECT_EQ(response.header(name), std::nullopt) << name;
    }
    EXPECT_EQ(response.header("X-Kept"), "1");
    EXPECT_EQ(response.header("X-Gangway-Route"), "pool");
    EXPECT_EQ(response.header_count("X-Gangway-Route"), 1U);
    EXPECT_EQ(response.header("X-Gangway-Process"), "101 gupid-101");
    EXPECT_EQ(response.header_count("X-Gangway-Process"), 1U);
}

TEST_P(Forwarding, RequestHeadersArriveWithoutThoseThatAreNotTheApplications) {
    const auto process = start_worker(behave::answer_pid());
    const Headers headers = {{"X-Kept", "yes"},
                             {"Cookie", "a=1"},
                             {"Connection", "keep-alive, X-Mine"},
                             {"X-Mine", "1"},
                             {"Keep-Alive", "timeout=5"},
                             {"Proxy-Connection", "keep-alive"},
                             {"TE", "trailers"},
                             {"Upgrade", "websocket"},
                             {"!~Passenger-Client-Address", "1.2.3.4"},
                             {"X-Gangway-Route", "pool"},
                             {"X-Gangway-Wait", "1"},
                             {"X-Gangway-Timeout", "7.5"},
                             {"X-Passenger-Connect-Password", group().password}};
    ASSERT_EQ(get(request_path(101), headers).status, 200);
    const WorkerRequest request = process->worker().requests().at(0);
    EXPECT_EQ(request.header("X-Kept"), "yes");
    EXPECT_EQ(request.header("Cookie"), "a=1");
    EXPECT_EQ(request.header("Host"), "localhost");
    for (const char* name : {"X-Mine", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade",
                             "!~Passenger-Client-Address", "X-Gangway-Route", "X-Gangway-Wait",
                             "X-Gangway-Timeout", "X-Passenger-Connect-Password"}) {
        EXPECT_EQ(request.header(name), std::nullopt) << name;
    }
}

TEST_P(Forwarding, OutOfBandWorkIsReportedToPassengerAndNotToTheClient) {
    const auto process = start_worker(behave::raw(behave::ok("x", "!~Request-OOB-Work: true\r\n")));
    const Response response = get(request_path(101));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("!~Request-OOB-Work"), std::nullopt);
    EXPECT_EQ(host().oobw_requests(*process), 1U);
}

TEST_P(Forwarding, AKeptAliveConnectionIsUsedAgain) {
    const auto process = start_worker(behave::answer_pid(true));
    Client connection = client();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(connection.get(request_path(101)).status, 200);
        ASSERT_TRUE(host().wait_for_sessions(0));
    }
    EXPECT_EQ(host().processed(*process), 5U);
    EXPECT_EQ(process->worker().connections(), 1U);
}

TEST_P(Forwarding, AConnectionThatTheProcessClosesIsNotUsedAgain) {
    const auto process = start_worker(behave::raw(behave::ok("x", "Connection: close\r\n")));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(get(request_path(101)).body, "x");
        ASSERT_TRUE(host().wait_for_sessions(0));
    }
    EXPECT_EQ(process->worker().connections(), 3U);
}

TEST_P(Forwarding, PipelinedRequestsAreAnsweredInOrder) {
    start_worker(behave::answer_pid());
    Client connection = client();
    std::string requests;
    for (const std::string& target : {request_path(101, "/1"), std::string("/v1/processes/9"),
                                      request_path(101, "/2"), request_path(101, "/3")}) {
        requests += "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    connection.send(requests);
    EXPECT_EQ(connection.read_response().body, "101 GET /1");
    EXPECT_EQ(connection.read_response().status, 404);
    EXPECT_EQ(connection.read_response().body, "101 GET /2");
    EXPECT_EQ(connection.read_response().body, "101 GET /3");
}

TEST_P(Forwarding, AProcessIsLookedForOnceByAClientThatGoesOnAskingIt) {
    start_worker(behave::answer_pid());
    Client connection = client();
    std::string pipelined;
    for (int i = 0; i < 5; ++i) {
        pipelined += "GET " + request_path(101) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    }
    connection.send(pipelined);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(connection.read_response().body, "101 GET /");
    }
    EXPECT_EQ(host().calls("process_find"), 1U);
}

TEST_P(Forwarding, AClientThatIsSilentHoldsNoProcess) {
    start_worker(behave::answer_pid());
    Client connection = client();
    EXPECT_EQ(connection.get(request_path(101)).status, 200);
    EXPECT_TRUE(eventually([&] { return host().references() == 0; }));
    EXPECT_EQ(connection.get(request_path(101)).status, 200);
}

TEST_P(Forwarding, AProcessThatHasLeftIsNotAskedAgainAndOneOfTheSamePidIs) {
    const auto process = start_worker(behave::answer_pid());
    Client connection = client();
    EXPECT_EQ(connection.get(request_path(101)).status, 200);
    host().remove(process);
    EXPECT_TRUE(is_problem(connection.get(request_path(101)), 404, "process_not_found"));
    const auto successor = worker(101, behave::answer_pid(), GetParam());
    EXPECT_EQ(connection.get(request_path(101)).status, 200);
    EXPECT_EQ(host().processed(*successor), 1U);
}

TEST_P(Forwarding, ARequestAfterAnUploadIsInStep) {
    start_worker(behave::echo());
    Client connection = client();
    connection.send("POST " + request_path(101) +
                    " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5;ext=1\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"
                    "GET /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(connection.read_response().body, "hello");
    EXPECT_EQ(connection.read_response().status, 200);
}

TEST_P(Forwarding, AnHttp10ClientGetsAnAnswerThatEndsWithTheConnection) {
    start_worker(behave::download(50'000, true));
    Client connection = client();
    connection.send("GET " + request_path(101) + " HTTP/1.0\r\n\r\n");
    const Response response = connection.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Transfer-Encoding"), std::nullopt);
    EXPECT_TRUE(response.body == behave::pattern(50'000)) << response.body.size();
    EXPECT_TRUE(connection.at_end());
}

TEST_P(Forwarding, ManyClientsAreServedAtOnce) {
    WorkerOptions options = GetParam();
    options.threads = 4;
    for (int pid = 101; pid < 105; ++pid) {
        worker(pid, behave::answer_pid(), options);
    }
    start();
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int pid = 101; pid < 109; ++pid) {
        threads.emplace_back([&, target = 101 + pid % 4] {
            const ThreadMark mark;
            Client connection = client();
            for (int i = 0; i < 50; ++i) {
                const std::string expected = std::to_string(target) + " GET /";
                right += connection.get(request_path(target)).body == expected ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(right, 8 * 50);
}

} // namespace gangway::test
