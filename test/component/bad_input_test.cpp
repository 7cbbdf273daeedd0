// What clients may not send, and the limits that hold for them.
#include "fixture.h"

namespace gangway::test {

class BadInput : public ModuleTest {
  protected:
    // Malformed bytes: the documented answer, and the connection is closed.
    void expect_bad_request(const std::string& bytes) {
        Client connection = client();
        connection.send(bytes);
        connection.half_close();
        EXPECT_TRUE(is_problem(connection.read_response(), 400, "bad_request")) << bytes;
        EXPECT_TRUE(connection.at_end()) << bytes;
    }
};

TEST_F(BadInput, WhatIsNotHttpIsABadRequest) {
    const auto process = worker(101, behave::answer_pid());
    start();
    const std::string post = "POST " + request_path(101) + " HTTP/1.1\r\nHost: x\r\n";
    for (const std::string& bytes : {
             std::string("nonsense\r\n\r\n"),
             std::string("GET /v1/pool\r\n\r\n"),
             std::string("GET  /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("GET /v1/pool HTTP/2.0\r\nHost: x\r\n\r\n"),
             std::string("GET /v1/pool HTTP/1.1\r\nno colon\r\n\r\n"),
             std::string("GET /v1/pool HTTP/1.1\r\nHost : x\r\n\r\n"),
             std::string("GET /v1/pool HTTP/1.1\r\nX-A: a\0b\r\n\r\n", 35),
             std::string("G\x01T /v1/pool HTTP/1.1\r\nHost: x\r\n\r\n"),
             std::string("\x16\x03\x01\x02\r\n\r\n"),
             post + "Content-Length: ten\r\n\r\n0123456789",
             post + "Content-Length: -1\r\n\r\n",
             post + "Content-Length: 99999999999999999999\r\n\r\n",
             post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         }) {
        expect_bad_request(bytes);
    }
    EXPECT_TRUE(process->worker().requests().empty());
    EXPECT_EQ(get("/v1/pool").status, 200);
}

TEST_F(BadInput, LengthAndChunkedTogetherAreABadRequest) {
    const auto process = worker(101, behave::answer_pid());
    start();
    expect_bad_request("POST " + request_path(101) +
                       " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_TRUE(process->worker().requests().empty());
}

TEST_F(BadInput, ABadChunkEndsTheRequest) {
    const auto process = worker(101, behave::never_answer());
    start();
    expect_bad_request("POST " + request_path(101) +
                       " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "5\r\nhello\r\nzz\r\n");
    EXPECT_TRUE(host().wait_for_sessions(0));
}

TEST_F(BadInput, AClientThatClosesInsideItsHeaderHarmsNobody) {
    start();
    for (const char* part : {"", "G", "GET /v1/pool HTTP/1.1\r\n", "GET /v1/pool HTTP/1.1\r\nHo"}) {
        Client leaving = client();
        leaving.send(part);
    }
    EXPECT_EQ(get("/v1/pool").status, 200);
}

TEST_F(BadInput, ABodyWhereNoneMayBeIsRefused) {
    start();
    for (const char* target : {"/v1/pool", "/v1/groups", "/v1/processes", "/v1/processes/1"}) {
        EXPECT_TRUE(is_problem(send({"GET", target, {}, "body"}), 400, "body_not_allowed"))
            << target;
        EXPECT_TRUE(is_problem(send({"GET", target, {}, "body", true}), 400, "body_not_allowed"))
            << target;
    }
}

TEST_F(BadInput, ATooLargeHeaderIsRefused) {
    start(R"({"max_header_bytes": 2048})");
    const auto with_header = [&](std::size_t size) {
        return get("/v1/pool", {{"X-Long", std::string(size, 'x')}});
    };
    EXPECT_EQ(with_header(1500).status, 200);
    EXPECT_TRUE(is_problem(with_header(3000), 431, "header_too_large"));
    EXPECT_TRUE(is_problem(get("/v1/" + std::string(3000, 'x')), 431, "header_too_large"));
}

TEST_F(BadInput, TheDefaultHeaderLimitIs64KiB) {
    start();
    const auto with_header = [&](std::size_t size) {
        return get("/v1/pool", {{"X-Long", std::string(size, 'x')}});
    };
    EXPECT_EQ(with_header(65'000).status, 200);
    EXPECT_TRUE(is_problem(with_header(66'000), 431, "header_too_large"));
}

TEST_F(BadInput, TheLargestHeaderLimitHoldsForRequests) {
    const std::string value(65'000, 'x');
    const auto process = worker(101, behave::answer_pid());
    start(R"({"max_header_bytes": 65536})");
    EXPECT_EQ(get(request_path(101), {{"X-Long", value}}).status, 200);
    EXPECT_EQ(process->worker().requests().at(0).header("X-Long"), value);
}

TEST_F(BadInput, TheLargestHeaderLimitHoldsForAnswers) {
    const std::string value(65'000, 'x');
    worker(101, behave::raw(behave::ok("x", "X-Long: " + value + "\r\n")));
    start(R"({"max_header_bytes": 65536})");
    EXPECT_EQ(get(request_path(101)).header("X-Long"), value);
}

TEST_F(BadInput, AHeaderOfManyShortFieldsIsTakenWithinTheLimit) {
    const auto process = worker(101, behave::answer_pid());
    start();
    Headers many;
    for (int i = 0; i < 250; ++i) {
        many.emplace_back("X-Field-" + std::to_string(i), std::to_string(i));
    }
    EXPECT_EQ(get(request_path(101), many).status, 200);
    EXPECT_EQ(process->worker().requests().at(0).header("X-Field-249"), "249");
    for (int i = 250; i < 257; ++i) {
        many.emplace_back("X-Field-" + std::to_string(i), std::to_string(i));
    }
    EXPECT_TRUE(is_problem(get(request_path(101), many), 431, "header_too_large"));
}

TEST_F(BadInput, ASlowHeaderIsGivenUpAfterTheClientTimeout) {
    start(R"({"client_timeout_seconds": 0.3})");
    Client slow = client();
    slow.send("GET /v1/pool HTTP/1.1\r\nHo");
    EXPECT_TRUE(is_problem(slow.read_response(), 408, "request_timeout"));
    EXPECT_TRUE(slow.at_end());
}

TEST_F(BadInput, AHeaderThatTricklesIsGivenUpAllTheSame) {
    start(R"({"client_timeout_seconds": 0.3})");
    Client slow = client();
    slow.send("GET /v1/pool HTTP/1.1\r\nX-Slow: ");
    // A byte keeps coming: the timeout is for the whole header.
    EXPECT_TRUE(eventually(
        [&] {
            slow.send("x");
            return slow.has_input();
        },
        Milliseconds(5000)));
    EXPECT_TRUE(is_problem(slow.read_response(), 408, "request_timeout"));
}

TEST_F(BadInput, AnIdleConnectionIsClosedAfterTheClientTimeout) {
    start(R"({"client_timeout_seconds": 0.3})");
    Client idle = client();
    ASSERT_EQ(idle.get("/v1/pool").status, 200);
    EXPECT_TRUE(idle.at_end());
}

TEST_F(BadInput, AConnectionBeyondTheLimitIsToldSo) {
    start(R"({"max_connections": 2})");
    std::vector<Client> clients;
    for (int i = 0; i < 2; ++i) {
        clients.push_back(client());
        ASSERT_EQ(clients.back().get("/v1/pool").status, 200);
    }
    EXPECT_TRUE(is_problem(get("/v1/pool"), 503, "too_many_connections"));
    EXPECT_EQ(clients[0].get("/v1/pool").status, 200);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return get("/v1/pool").status == 200; }));
}

TEST_F(BadInput, AnErrorKeepsTheConnectionWhereTheRequestWasUnderstood) {
    start();
    Client connection = client();
    EXPECT_TRUE(is_problem(connection.get("/v1/nothing"), 404, "not_found"));
    EXPECT_TRUE(is_problem(connection.get("/v1/pool?x=1"), 400, "bad_parameter"));
    EXPECT_EQ(connection.get("/v1/pool").status, 200);
}

TEST_F(BadInput, AForwardedPathKeepsItsStrangeness) {
    worker(101, behave::answer_pid());
    start();
    for (const char* path :
         {"/../x", "//a//b", "/%2e%2e/", "/a;b=c", "/?", "/x??y=%00", "/~@!$&'()*+,:="}) {
        EXPECT_EQ(get(request_path(101, path)).body, std::string("101 GET ") + path);
    }
}

TEST_F(BadInput, AbsoluteFormIsUnderstood) {
    worker(101, behave::answer_pid());
    start();
    EXPECT_EQ(get("http://localhost/v1/pool").status, 200);
    EXPECT_EQ(get("http://localhost" + request_path(101, "/a?b")).body, "101 GET /a?b");
}

} // namespace gangway::test
