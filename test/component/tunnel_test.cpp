// Connections that left HTTP, and how they end.
#include "fixture.h"

#include <chrono>

namespace gangway::test {

namespace {

constexpr std::string_view switches = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                      "Upgrade: bytes\r\n\r\n";
constexpr std::string_view last_words = "that was all";
constexpr Milliseconds idle{300};
const std::string short_idle = R"({"idle_timeout_seconds": 0.3})";

constexpr int no_pid = 999'999'999; // Beyond what a kernel gives out.

void speak_and_close(WorkerRequest&, ConnectionIo& io) {
    io.write(std::string(switches) + std::string(last_words));
}

void speak_and_listen_on(WorkerRequest&, ConnectionIo& io) {
    io.write(std::string(switches) + std::string(last_words));
    io.half_close();
    io.wait_until_peer_is_gone();
}

// Until the end of the test: over TCP, too, where an end of what comes may be a close.
void listen_only(WorkerRequest&, ConnectionIo& io) {
    io.write(std::string(switches));
    io.wait(Gate());
}

} // namespace

class Tunnels : public ModuleTest, public ::testing::WithParamInterface<WorkerOptions> {
  protected:
    // A client of a process that has switched protocols and said something.
    Client open(std::int64_t pid, const Behaviour& behaviour, std::size_t said,
                const Headers& more = {}) {
        worker(pid, behaviour, GetParam());
        Client result = client();
        Headers headers = {{"Connection", "Upgrade"}, {"Upgrade", "bytes"}};
        headers.insert(headers.end(), more.begin(), more.end());
        result.send(Request{"GET", request_path(pid), headers});
        EXPECT_EQ(result.read_head().status, 101);
        EXPECT_EQ(result.read_raw(said), std::string(last_words.substr(0, said)));
        return result;
    }
    [[nodiscard]] bool is_tcp() const { return GetParam().tcp; }

    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

INSTANTIATE_TEST_SUITE_P(
    Each, Tunnels,
    ::testing::Values(WorkerOptions{}, WorkerOptions{GANGWAY_PROTOCOL_SESSION, true},
                      WorkerOptions{GANGWAY_PROTOCOL_HTTP},
                      WorkerOptions{GANGWAY_PROTOCOL_HTTP, true}),
    [](const auto& test) {
        return std::string(test.param.protocol == GANGWAY_PROTOCOL_SESSION ? "Session" : "Http") +
               (test.param.tcp ? "Tcp" : "Unix");
    });

// The client keeps its end open, and sends nothing.
TEST_P(Tunnels, OfAProcessThatHasClosedEndsAtOnce) {
    start(is_tcp() ? short_idle : ""); // TCP does not tell a close from a half-close.
    Client quiet = open(living_pid, speak_and_close, last_words.size());
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_TRUE(quiet.at_end());
}

TEST_P(Tunnels, OfAProcessThatHasEndedEndsSoon) {
    start();
    Client quiet = open(no_pid, speak_and_close, last_words.size());
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_TRUE(quiet.at_end());
}

TEST_P(Tunnels, EndWithinTheIdleBoundOnceTheProcessHasEndedItsDirection) {
    start(short_idle);
    Client quiet = open(living_pid, speak_and_listen_on, last_words.size());
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_GE(std::chrono::steady_clock::now() - begun_, idle);
    EXPECT_TRUE(quiet.at_end());
}

TEST_P(Tunnels, EndWithinTheIdleBoundOnceTheClientHasEndedItsDirection) {
    start(short_idle);
    Client quiet = open(living_pid, listen_only, 0);
    quiet.half_close();
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_GE(std::chrono::steady_clock::now() - begun_, idle);
    EXPECT_TRUE(quiet.at_end());
}

TEST_P(Tunnels, EndWithTheBoundOfTheWholeWhoeverHasEndedHisDirection) {
    start();
    Client quiet = open(living_pid, speak_and_listen_on, last_words.size(),
                        {{"X-Gangway-Timeout", "0.3"}, {"X-Gangway-Idle-Timeout", "3600"}});
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_TRUE(quiet.at_end());
}

TEST_P(Tunnels, EndAtOnceWhereTheProcessIsToLeave) {
    start();
    Client quiet = open(living_pid, listen_only, 0);
    host().abort_long_running_connections("another");
    host().spawn_ended(group().name, "no database"); // Told after it, and so heard of after it.
    EXPECT_TRUE(
        eventually([&] { return !json(get("/v1/groups"))["groups"][0]["spawn_error"].isNull(); }));
    EXPECT_EQ(host().sessions(), 1U);
    host().abort_long_running_connections("gupid-" + std::to_string(living_pid));
    EXPECT_TRUE(host().wait_for_sessions(0));
    EXPECT_TRUE(quiet.at_end());
}

} // namespace gangway::test
