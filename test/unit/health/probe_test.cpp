#include "health/probe.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wall_clock.hpp"
#include "health/round.hpp"
#include "support/child_process.hpp"
#include "support/pool_fake.hpp"
#include "support/run_coroutine.hpp"
#include "support/session_header.hpp"

namespace gangway::health {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds never = std::chrono::hours(1); // Longer than any test may take.
constexpr milliseconds soon(20);
constexpr std::uint32_t max_header_bytes = 4096;

const std::string fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
const pool::ConnectionKind fresh{false, GANGWAY_PROTOCOL_SESSION};
const pool::ConnectionKind kept{true, GANGWAY_PROTOCOL_SESSION};

// The other end of a session's connection: takes one request, gives its answer, and closes or not.
struct Worker {
    explicit Worker(const Executor& executor) : socket(executor) {}

    ClientSocket socket;
    std::string answer;
    bool closes = false;
    std::function<void()> on_request;
    std::string request; // as it came
};

class ProbeTest : public testing::Test {
  protected:
    ~ProbeTest() override {
        for (const int fd : descriptors_) {
            ::close(fd);
        }
    }

    static gangway_process_id id(std::string_view gupid = "gupid-a") {
        return {0, pool::abi(gupid)};
    }
    pool::ScriptedProcess& process(const std::string& gupid = "gupid-a") {
        pool::ScriptedProcess& process = pool_.processes[gupid];
        process.identity.base_uri = pool::abi("/");
        process.identity.password = pool::abi("a-password");
        return process;
    }
    // The next session of the process, whose other end answers so.
    Worker& session(const std::string& answer, pool::ConnectionKind kind = fresh,
                    const std::string& gupid = "gupid-a") {
        Worker& worker = workers_.emplace_back(context_.get_executor());
        ClientSocket ours(context_);
        net::local::connect_pair(ours, worker.socket);
        descriptors_.push_back(ours.release()); // A session lends what no event loop knows.
        worker.answer = answer;
        process(gupid).sessions.push_back({descriptors_.back(), kind});
        net::co_spawn(context_, serve(worker), net::detached);
        return worker;
    }
    Worker& closing_session(const std::string& answer, pool::ConnectionKind kind = fresh) {
        Worker& worker = session(answer, kind);
        worker.closes = true;
        return worker;
    }
    const pool::SessionEnd& end(std::size_t index = 0) { return process().sessions.at(index).end; }

    check::Result check() {
        check::Result result;
        const gangway_process_id who = id();
        const auto work = [&]() -> awaitable<void> { result = co_await probe_.run(check_, who); };
        run_coroutine(context_, work);
        for (const auto& [gupid, each] : pool_.processes) {
            EXPECT_EQ(each.references, 0U) << gupid;
            for (std::size_t i = 0; i < each.opened; i++) {
                EXPECT_EQ(each.sessions[i].end.closed, 1U) << gupid << ", session " << i;
            }
        }
        EXPECT_GT(result.checked_at_usec, 0U);
        EXPECT_EQ(result.detail.empty(), result.reason == check::Reason::none) << result.detail;
        return result;
    }
    // "unhealthy reset"
    std::string verdict() { return print(check()); }
    static std::string print(const check::Result& result) {
        return std::string(word(result.verdict)) +
               (result.reason == check::Reason::none ? "" : " " + std::string(word(result.reason)));
    }

    net::io_context context_;
    pool::ScriptedPool pool_;
    std::list<Worker> workers_;
    std::vector<int> descriptors_;
    check::Check check_ = patient();
    ClockSteps clock_steps_;
    Probe probe_{context_.get_executor(), pool_, clock_steps_, max_header_bytes};

  private:
    static check::Check patient() {
        check::Check check;
        check.timeout = never;
        check.wait = never;
        return check;
    }
    static awaitable<void> serve(Worker& worker) {
        std::array<char, 4096> space{};
        const auto [ec, size] =
            co_await worker.socket.async_read_some(net::buffer(space), as_result);
        worker.request.assign(space.data(), size);
        if (worker.on_request) {
            worker.on_request();
        }
        if (!ec && !worker.answer.empty()) {
            co_await worker.socket.async_write_some(net::buffer(worker.answer), as_result);
        }
        if (worker.closes) {
            worker.socket.close();
        }
    }
};

// ---------------------------------------------------------------- asking

TEST_F(ProbeTest, FindsAProcessHealthyThatAnswersAsItMust) {
    session(fine);
    check_.expectation.body = "OK";
    const check::Result result = check();
    EXPECT_EQ(print(result), "healthy");
    EXPECT_EQ(result.status, 200U);
    EXPECT_EQ(result.body_bytes, 2U);
    EXPECT_EQ(result.route, "pool");
    EXPECT_GT(result.latency.count(), 0);
}

TEST_F(ProbeTest, LeavesVisitorsTheLastFreeSlot) {
    session(fine);
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_EQ(process().flags, std::vector<std::uint32_t>{GANGWAY_SESSION_LEAVE_A_SLOT});
}

TEST_F(ProbeTest, SpeaksTheSessionProtocol) {
    Worker& worker = session(fine);
    check_.path = "/up?full=1";
    check_.headers = {{"X-Probe", "1"}, {"Host", "shop.example"}};
    EXPECT_EQ(verdict(), "healthy");
    const auto variables = worker::decode_session_header(worker.request);
    ASSERT_TRUE(variables.has_value());
    for (const auto& [name, value] :
         worker::Variables{{"REQUEST_METHOD", "GET"},
                           {"REQUEST_URI", "/up?full=1"},
                           {"HTTP_X_PROBE", "1"},
                           {"HTTP_HOST", "shop.example"},
                           {"PASSENGER_CONNECT_PASSWORD", "a-password"}}) {
        EXPECT_THAT(*variables, testing::Contains(std::pair(name, value))) << name;
    }
    EXPECT_THAT(worker.request, HasSubstr("Gangway-Health/"));
}

TEST_F(ProbeTest, SpeaksHttp) {
    Worker& worker = session(fine, {false, GANGWAY_PROTOCOL_HTTP});
    check_.method = "OPTIONS";
    check_.headers = {{"user-agent", "mine"}};
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_THAT(worker.request, testing::StartsWith("OPTIONS / HTTP/1.1\r\n"));
    EXPECT_THAT(worker.request, HasSubstr("user-agent: mine\r\n"));
    EXPECT_THAT(worker.request, testing::Not(HasSubstr("Gangway-Health/")));
}

TEST_F(ProbeTest, ChecksOneProcessAfterAnother) {
    session("SSH-2.0\r\n\r\n");
    session(fine);
    session("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(verdict(), "unhealthy not_http");
    EXPECT_EQ(verdict(), "healthy");
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy bad_status");
    EXPECT_EQ(result.body_bytes, 0U);
}

// ---------------------------------------------------------------- what is kept

struct Answer {
    const char* name;
    std::string bytes;
    const char* verdict;
    bool kept; // the connection
    const char* method = "GET";
    bool closes = false;
};

void PrintTo(const Answer& answer, std::ostream* out) {
    *out << answer.name;
}

class ProbeAnswered : public ProbeTest, public testing::WithParamInterface<Answer> {};

TEST_P(ProbeAnswered, KeepsTheConnectionOnlyWhenTheAnswerWasReadWholeAndClean) {
    const Answer& answer = GetParam();
    session(answer.bytes).closes = answer.closes;
    check_.method = answer.method;
    if (check_.method != "HEAD") {
        check_.expectation.body = "OK";
    }
    EXPECT_EQ(verdict(), answer.verdict);
    EXPECT_EQ(end().success, std::string(answer.verdict) == "healthy");
    EXPECT_EQ(end().keep_alive, answer.kept);
}

INSTANTIATE_TEST_SUITE_P(
    Each, ProbeAnswered,
    testing::Values(
        Answer{"OfLength", fine, "healthy", true},
        Answer{"Chunked",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
               "healthy", true},
        Answer{"ToHead", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "healthy", true, "HEAD"},
        Answer{"BehindAnInterim", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + fine,
               "healthy", true},
        Answer{"BehindTwoInterims",
               "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + fine, "healthy",
               true},
        Answer{"SaysClose", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK",
               "healthy", false},
        Answer{"OfOldHttp", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK", "healthy", false},
        Answer{"UntilTheEnd", "HTTP/1.1 200 OK\r\n\r\nOK", "healthy", false, "GET", true},
        Answer{"MoreBehindIt", fine + "HTTP/1.1 200", "healthy", false},
        Answer{"MoreBehindAnAnswerToHead", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
               "healthy", false, "HEAD"},
        Answer{"OtherBody", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
               "unhealthy unexpected_body", false},
        Answer{"NoBody", "HTTP/1.1 204 No Content\r\n\r\n", "unhealthy unexpected_body", false},
        Answer{"OtherStatus", "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nOK",
               "unhealthy bad_status", false},
        Answer{"Upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
               "unhealthy not_http", false},
        Answer{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nOK",
               "unhealthy not_http", false},
        Answer{"BadChunk",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nOK\r\n0\r\n\r\n",
               "unhealthy not_http", false},
        Answer{"NoHttp", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "unhealthy not_http", false},
        Answer{"LongHead",
               "HTTP/1.1 200 OK\r\nX: " + std::string(max_header_bytes, 'x') + "\r\n\r\n",
               "unhealthy not_http", false},
        Answer{"ClosedInItsHead", "HTTP/1.1 200 OK\r\nConte", "unhealthy reset", false, "GET",
               true},
        Answer{"ClosedInItsBody", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nOK",
               "unhealthy reset", false, "GET", true},
        Answer{"ClosedAfterAnInterim", "HTTP/1.1 100 Continue\r\n\r\n", "unhealthy reset", false,
               "GET", true},
        Answer{"ClosedAtOnce", "", "unhealthy reset", false, "GET", true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(ProbeTest, ReadsNoMoreInterimAnswersThanSomeServerMaySend) {
    std::string answer;
    for (int i = 0; i < 15; i++) {
        answer += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    session(answer + fine);
    session(answer + "HTTP/1.1 100 Continue\r\n\r\n" + fine);
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_EQ(verdict(), "unhealthy not_http");
}

TEST_F(ProbeTest, GivesUpABodyThatIsTooLong) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: ";
    const std::string mebibyte(1024 * 1024, 'x');
    const auto feed = [&](Worker& worker, std::string text) {
        const auto work = [&worker, text = std::move(text)]() -> awaitable<void> {
            for (std::size_t at = 0; at < text.size();) {
                const auto [ec, size] = co_await worker.socket.async_write_some(
                    net::buffer(text.data() + at, text.size() - at), as_result);
                at += ec ? text.size() : size;
            }
        };
        net::co_spawn(context_, work, net::detached);
    };
    feed(session(""), head + "1048576\r\n\r\n" + mebibyte);
    feed(session(""), head + "1048577\r\n\r\n" + mebibyte + "x");
    check::Result result = check();
    EXPECT_EQ(print(result), "healthy");
    EXPECT_EQ(result.body_bytes, mebibyte.size());
    EXPECT_TRUE(end(0).keep_alive);
    result = check();
    EXPECT_EQ(print(result), "unhealthy body_too_large");
    EXPECT_FALSE(end(1).success);
}

// ---------------------------------------------------------------- connections that were kept

TEST_F(ProbeTest, TriesAStaleConnectionAgainOnANewOne) {
    closing_session("", kept);
    session(fine);
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_FALSE(end(0).success);
    EXPECT_TRUE(end(1).keep_alive);
}

TEST_F(ProbeTest, TriesAConnectionThatHadBeenClosedAgainOnANewOne) {
    session("", kept).socket.close();
    session(fine);
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_FALSE(end(0).success);
}

TEST_F(ProbeTest, SendsNothingOnAKeptConnectionWithStrayBytes) {
    Worker& stray = session("", kept);
    ASSERT_EQ(stray.socket.send(net::buffer(fine)), fine.size());
    session("HTTP/1.1 204 No Content\r\n\r\n");
    const check::Result result = check();
    EXPECT_EQ(result.status, 204U);
    EXPECT_FALSE(end(0).success);
    EXPECT_EQ(stray.request, "");
}

TEST_F(ProbeTest, TriesEachConnectionThatWentStaleOnceAndTheNewOneOnce) {
    closing_session("", kept);
    closing_session("", kept);
    closing_session("");
    EXPECT_EQ(verdict(), "unhealthy reset");
    EXPECT_EQ(process().opened, 3U);
}

TEST_F(ProbeTest, TriesNothingAgainOnceTheAnswerHasBegun) {
    closing_session("HTTP/1.1 2", kept);
    EXPECT_EQ(verdict(), "unhealthy reset");
    EXPECT_EQ(process().opened, 1U);
}

TEST_F(ProbeTest, TriesNothingAgainThatIsSilent) {
    session("", kept);
    check_.timeout = soon;
    EXPECT_EQ(verdict(), "unhealthy first_byte_timeout");
    EXPECT_EQ(process().opened, 1U);
}

TEST_F(ProbeTest, FindsTheQueueFullBehindAStaleConnection) {
    closing_session("", kept);
    session(fine);
    process().sessions[1].before_connected.assign(100'000, GANGWAY_AGAIN);
    check_.timeout = soon;
    EXPECT_EQ(verdict(), "unhealthy connect_timeout");
}

// Passenger may notice before the second attempt, or by it, or not at all: the verdict is the same.
TEST_F(ProbeTest, FindsAProcessUnhealthyThatDiesOfTheRequestOnAKeptConnection) {
    const std::vector<std::pair<gangway_status, gangway_process_state>> seen = {
        {GANGWAY_NOT_FOUND, {}},
        {GANGWAY_NOT_ROUTABLE, {GANGWAY_PROCESS_ALIVE, GANGWAY_PROCESS_DETACHED, 1, 0, 0}},
        {GANGWAY_NOT_ROUTABLE,
         {GANGWAY_PROCESS_SHUTDOWN_TRIGGERED, GANGWAY_PROCESS_DETACHED, 1, 0, 0}},
        {GANGWAY_OK, {}},
    };
    for (const auto& [opening, state] : seen) {
        process().openings = {GANGWAY_OK};
        closing_session("", kept).on_request = [&, opening = opening, state = state] {
            process().openings = {opening};
            process().state = state;
            process().state_status = opening == GANGWAY_NOT_FOUND ? GANGWAY_NOT_FOUND : GANGWAY_OK;
        };
        if (opening == GANGWAY_OK) {
            session(fine);
            process().sessions.back().before_connected = {GANGWAY_CONNECT_FAILED};
        }
        const check::Result result = check();
        EXPECT_EQ(print(result), "unhealthy reset") << opening << ", " << state.life;
        EXPECT_THAT(result.detail, HasSubstr("without an answer"));
        EXPECT_EQ(result.route, check::pool_route);
    }
}

TEST_F(ProbeTest, BlamesNoProcessThatLeavesForAConnectionThatHadBeenClosed) {
    session("", kept).socket.close();
    process().openings = {GANGWAY_OK, GANGWAY_NOT_ROUTABLE};
    process().state.enabled = GANGWAY_PROCESS_DETACHED;
    EXPECT_EQ(verdict(), "skipped detached");
}

TEST_F(ProbeTest, FindsAProcessBusyThatServesAnotherBehindAStaleConnection) {
    closing_session("", kept);
    process().openings = {GANGWAY_OK, GANGWAY_BUSY};
    check_.wait = milliseconds(0);
    EXPECT_EQ(verdict(), "busy busy");
}

// ---------------------------------------------------------------- getting hold of it

TEST_F(ProbeTest, FindsAProcessGoneThatIsNotInThePool) {
    EXPECT_EQ(verdict(), "unhealthy gone");
}

TEST_F(ProbeTest, WaitsUntilThereIsASlotToSpare) {
    process().openings = {GANGWAY_LAST_FREE_SLOT, GANGWAY_BUSY, GANGWAY_LAST_FREE_SLOT, GANGWAY_OK};
    session(fine);
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_EQ(process().flags.size(), 4U);
}

TEST_F(ProbeTest, FindsAProcessBusyAfterItsWait) {
    process().openings = {GANGWAY_BUSY};
    process().state.sessions = 2;
    process().state.last_used_usec = 1'795'597'200'000'000;
    for (const milliseconds wait : {milliseconds(0), soon}) {
        check_.wait = wait;
        const check::Result result = check();
        EXPECT_EQ(print(result), "busy busy");
        EXPECT_EQ(result.busy_since_usec, 1'795'597'200'000'000U);
        EXPECT_THAT(result.detail, HasSubstr("2 requests"));
        EXPECT_EQ(result.route, "");
    }
    EXPECT_GT(process().flags.size(), 2U) << "It has looked once only, in spite of the wait.";
}

TEST_F(ProbeTest, LooksOnceWithoutAWait) {
    process().openings = {GANGWAY_BUSY};
    check_.wait = milliseconds(0);
    EXPECT_EQ(verdict(), "busy busy");
    EXPECT_EQ(process().flags.size(), 1U);
}

TEST_F(ProbeTest, LeavesTheLastFreeSlotAlone) {
    process().openings = {GANGWAY_LAST_FREE_SLOT};
    check_.wait = soon;
    check_.busy_limit = milliseconds(1);
    const check::Result result = check();
    EXPECT_EQ(print(result), "busy last_free_slot");
    EXPECT_FALSE(result.busy_since_usec.has_value());
}

TEST_F(ProbeTest, FindsAProcessUnhealthyThatIsBusyForTooLong) {
    process().openings = {GANGWAY_BUSY};
    process().state.sessions = 1;
    process().state.last_used_usec = 1; // 1970
    check_.wait = milliseconds(0);
    check_.busy_limit = milliseconds(1500);
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy busy_too_long");
    EXPECT_THAT(result.detail, HasSubstr("longer than 1.5 s;"));
    EXPECT_EQ(result.busy_since_usec, 1U);
}

TEST_F(ProbeTest, SaysWithWhatAProcessIsBusyAndForHowLong) {
    pool::NoControllers no_controllers;
    requests::Sampler sampler(context_.get_executor(), no_controllers);
    requests::Own own;
    const requests::Known known{sampler, own};
    probe_.tell_requests(known);
    process().identity.gupid = pool::abi("gupid-a");
    process().openings = {GANGWAY_BUSY};
    process().state.sessions = 1;
    process().state.last_used_usec = usec_since_epoch() - 1'151'000'000;
    check_.wait = milliseconds(0);
    EXPECT_EQ(check().detail, "The process has been busy for 19m11s with 1 request.");

    auto ticket = own.enter("gupid-a", "GET", "/hang?secret");
    ticket.now_serving();
    EXPECT_EQ(check().detail,
              "The process has been busy for 19m11s with GET /hang through Gangway.");
    check_.busy_limit = milliseconds(1500);
    const check::Result result = check();
    EXPECT_THAT(result.detail, HasSubstr("busy for 19m11s with GET /hang through Gangway, longer "
                                         "than 1.5 s; look at"));
    ASSERT_EQ(result.requests.size(), 1U);
    EXPECT_EQ(result.requests[0].path, "/hang");

    process().state.sessions = 3;
    check_.busy_limit = milliseconds(0);
    EXPECT_EQ(check().detail,
              "The process has been busy for 19m11s with 3 requests, the oldest GET "
              "/hang through Gangway.");
    EXPECT_EQ(own.entries().size(), 1U) << "the checks have left none of their own";
    sampler.stop();
}

TEST_F(ProbeTest, IsAmongTheRequestsThatAreKnownWhileItRuns) {
    pool::NoControllers no_controllers;
    requests::Sampler sampler(context_.get_executor(), no_controllers);
    requests::Own own;
    const requests::Known known{sampler, own};
    probe_.tell_requests(known);
    process().identity.gupid = pool::abi("gupid-a");
    check_.path = "/health";
    std::string seen;
    session(fine).on_request = [&] {
        for (const requests::Own::Entry& entry : own.entries()) {
            seen += std::string(entry.gupid) + " " + std::string(entry.method) + " " +
                    std::string(entry.target) + (entry.serving ? " serving" : "");
        }
    };
    EXPECT_EQ(verdict(), "healthy");
    EXPECT_EQ(seen, "gupid-a GET /health serving");
    EXPECT_TRUE(own.entries().empty());
}

TEST_F(ProbeTest, SaysAtOnceThatASignalHasStoppedAProcess) {
    ChildProcess child;
    ::kill(child.pid(), SIGSTOP);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED), 0);
    process().identity.pid = child.pid();
    for (const gangway_status opening : {GANGWAY_OK, GANGWAY_BUSY}) {
        process().openings = {opening};
        const check::Result result = check();
        EXPECT_EQ(print(result), "unhealthy stopped");
        EXPECT_THAT(result.detail, HasSubstr("kill -CONT " + std::to_string(child.pid())));
        EXPECT_EQ(process().opened, 0U) << "no visitor is kept from a slot";
    }
}

TEST_F(ProbeTest, KnowsHowLongAProcessIsBusyThoughTheClockWasSet) {
    using std::chrono::minutes;
    process().openings = {GANGWAY_BUSY};
    process().state.sessions = 1;
    check_.wait = milliseconds(0);
    for (const minutes step : {minutes(60), minutes(-60)}) {
        const auto now = LazyTimer::Clock::now();
        const std::uint64_t now_usec = usec_since_epoch();
        const auto before_step = [&](minutes ago) {
            return now_usec - static_cast<std::uint64_t>(microseconds(ago + step).count());
        };
        clock_steps_ = ClockSteps();
        clock_steps_.note(now - minutes(10), before_step(minutes(10)));
        clock_steps_.note(now, now_usec);
        process().state.last_used_usec = before_step(minutes(3));
        check_.busy_limit = minutes(4);
        EXPECT_EQ(verdict(), "busy busy") << step.count();
        check_.busy_limit = minutes(2);
        EXPECT_EQ(verdict(), "unhealthy busy_too_long") << step.count();
    }
}

TEST_F(ProbeTest, FindsAProcessGoneThatLeavesWhileItIsBusy) {
    process().openings = {GANGWAY_BUSY};
    process().state_status = GANGWAY_NOT_FOUND;
    check_.wait = milliseconds(0);
    EXPECT_EQ(verdict(), "unhealthy gone");
}

struct StateCase {
    gangway_process_life life;
    gangway_process_enabled enabled;
    const char* verdict;
};

TEST_F(ProbeTest, SkipsAProcessThatTakesNoRequestsAndSaysWhy) {
    for (const StateCase& state :
         {StateCase{GANGWAY_PROCESS_ALIVE, GANGWAY_PROCESS_DISABLING, "skipped disabling"},
          StateCase{GANGWAY_PROCESS_ALIVE, GANGWAY_PROCESS_DISABLED, "skipped disabled"},
          StateCase{GANGWAY_PROCESS_ALIVE, GANGWAY_PROCESS_DETACHED, "skipped detached"},
          StateCase{GANGWAY_PROCESS_ALIVE, GANGWAY_PROCESS_ENABLED, "skipped not_routable"},
          StateCase{GANGWAY_PROCESS_SHUTDOWN_TRIGGERED, GANGWAY_PROCESS_ENABLED,
                    "skipped shutting_down"},
          StateCase{GANGWAY_PROCESS_SHUTDOWN_TRIGGERED, GANGWAY_PROCESS_DETACHED,
                    "skipped shutting_down"},
          StateCase{GANGWAY_PROCESS_DEAD, GANGWAY_PROCESS_DETACHED, "skipped shutting_down"}}) {
        process().openings = {GANGWAY_NOT_ROUTABLE};
        process().state.life = state.life;
        process().state.enabled = state.enabled;
        EXPECT_EQ(verdict(), state.verdict);
    }
}

TEST_F(ProbeTest, SkipsAProcessThatTheAgentCouldNotOpenASessionOn) {
    process().openings = {GANGWAY_FAILED};
    EXPECT_EQ(verdict(), "skipped not_routable");
}

TEST_F(ProbeTest, FindsAProcessGoneThatHasLeft) {
    process().openings = {GANGWAY_NOT_FOUND};
    process().state_status = GANGWAY_NOT_FOUND;
    EXPECT_EQ(verdict(), "unhealthy gone");
}

// ---------------------------------------------------------------- the debug socket

TEST_F(ProbeTest, HasNoDirectRouteToAProcessWithoutADebugSocket) {
    check_.route = check::Route::direct;
    process();
    EXPECT_EQ(verdict(), "skipped not_routable");
    EXPECT_TRUE(process().flags.empty());
}

TEST_F(ProbeTest, GoesDirectWhereTheProcessIsBusyAndTheRouteIsAutomatic) {
    process().openings = {GANGWAY_BUSY};
    process().identity.debug_address = pool::abi("unix:/no/such/socket");
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy refused");
    EXPECT_EQ(result.route, "direct");
    check_.route = check::Route::pool;
    check_.wait = milliseconds(0);
    EXPECT_EQ(verdict(), "busy busy");
}

// The socket that listened is gone before it is looked at, as where the kernel does not tell whose
// it is: that is no fault of the process.
TEST_F(ProbeTest, BlamesNoProcessWhoseDebugSocketCannotBeToldFromAStrangers) {
    std::optional<net::ip::tcp::acceptor> acceptor;
    std::optional<net::ip::tcp::socket> accepted;
    std::string address;
    const auto listen = [&] {
        acceptor.emplace(context_, net::ip::tcp::endpoint(net::ip::address_v4::loopback(), 0));
        address = "tcp://127.0.0.1:" + std::to_string(acceptor->local_endpoint().port());
        process().identity.debug_address = pool::abi(address);
        process().identity.pid = ::getpid();
        // Runs once the probe has begun to connect.
        net::post(context_, [&] {
            net::post(context_, [&] {
                accepted.emplace(acceptor->accept());
                acceptor.reset();
            });
        });
    };
    process().openings = {GANGWAY_BUSY};
    check_.wait = milliseconds(0);

    check_.route = check::Route::direct;
    listen();
    const check::Result result = check();
    EXPECT_EQ(print(result), "skipped not_routable");
    EXPECT_THAT(result.detail, HasSubstr("cannot be told"));
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->available(), 0U) << "The password was sent.";

    check_.route = check::Route::automatic;
    listen();
    const check::Result waited = check();
    EXPECT_EQ(print(waited), "busy busy") << "It waits for the pool, as without a debug socket.";
    EXPECT_EQ(waited.route, "");
}

TEST_F(ProbeTest, SkipsADebugSocketWhoseAddressIsNone) {
    check_.route = check::Route::direct;
    const std::string too_long = "unix:/" + std::string(200, 'x');
    for (const std::string& address :
         {too_long, std::string("tcp://127.0.0.1:0"), std::string("nonsense")}) {
        process().identity.debug_address = pool::abi(address);
        EXPECT_EQ(verdict(), "skipped not_routable") << address;
    }
}

TEST_F(ProbeTest, GivesTheProcessBackWhenItThrows) {
    process().on_open = [] { throw std::bad_alloc(); };
    bool thrown = false;
    const gangway_process_id who = id();
    const auto work = [&]() -> awaitable<void> {
        try {
            co_await probe_.run(check_, who);
        } catch (const std::bad_alloc&) {
            thrown = true;
        }
    };
    run_coroutine(context_, work);
    EXPECT_TRUE(thrown);
    EXPECT_EQ(process().references, 0U);
    process().on_open = nullptr;
    session(fine);
    EXPECT_EQ(verdict(), "healthy");
}

TEST_F(ProbeTest, GoesDirectToNoProcessThatIsLeaving) {
    check_.route = check::Route::direct;
    process().identity.debug_address = pool::abi("unix:/no/such/socket");
    process().state.enabled = GANGWAY_PROCESS_DETACHED;
    EXPECT_EQ(verdict(), "skipped detached");
    process().state.enabled = GANGWAY_PROCESS_DISABLED;
    EXPECT_EQ(verdict(), "skipped disabled");
    process().state.life = GANGWAY_PROCESS_SHUTDOWN_TRIGGERED;
    EXPECT_EQ(verdict(), "skipped shutting_down");
    process().state_status = GANGWAY_NOT_FOUND;
    EXPECT_EQ(verdict(), "unhealthy gone");
}

TEST_F(ProbeTest, LooksAtTheBusyLimitBeforeTheRoute) {
    process().openings = {GANGWAY_BUSY};
    process().identity.debug_address = pool::abi("unix:/no/such/socket");
    process().state.sessions = 1;
    process().state.last_used_usec = usec_since_epoch() - 2'000'000;
    for (const check::Route route :
         {check::Route::automatic, check::Route::pool, check::Route::direct}) {
        check_.route = route;
        check_.busy_limit = milliseconds(1500);
        const check::Result result = check();
        EXPECT_EQ(print(result), "unhealthy busy_too_long");
        EXPECT_EQ(result.route, "") << "it was not asked";
        EXPECT_EQ(result.busy_since_usec, process().state.last_used_usec);
        EXPECT_FALSE(depends_on_route(result));
        check_.busy_limit = milliseconds(60'000);
        check_.wait = milliseconds(0);
        const check::Result in_time = check();
        EXPECT_EQ(print(in_time), route == check::Route::pool ? "busy busy" : "unhealthy refused");
        EXPECT_EQ(depends_on_route(in_time), route != check::Route::pool);
        check_.wait = never;
    }
    // Not busy: however long ago it was used.
    process().state.sessions = 0;
    check_.route = check::Route::direct;
    check_.busy_limit = milliseconds(1);
    EXPECT_EQ(verdict(), "unhealthy refused");
}

TEST_F(ProbeTest, DoesNotGoDirectBelowABaseUri) {
    process().openings = {GANGWAY_BUSY};
    process().identity.debug_address = pool::abi("unix:/no/such/socket");
    process().identity.base_uri = pool::abi("/sub");
    check_.path = "/sub/health";
    check_.wait = milliseconds(0);
    EXPECT_EQ(verdict(), "busy busy");
    check_.route = check::Route::direct;
    const check::Result result = check();
    EXPECT_EQ(print(result), "skipped not_routable");
    EXPECT_THAT(result.detail, HasSubstr("base URI"));
    check_.path = "/health";
    EXPECT_EQ(verdict(), "unhealthy refused");
}

// ---------------------------------------------------------------- connecting

TEST_F(ProbeTest, ConnectsOnceTheQueueOfTheProcessHasRoom) {
    session(fine);
    process().sessions[0].before_connected = {GANGWAY_AGAIN, GANGWAY_AGAIN, GANGWAY_IN_PROGRESS};
    EXPECT_EQ(verdict(), "healthy");
}

TEST_F(ProbeTest, GivesUpAQueueThatStaysFull) {
    session(fine);
    process().sessions[0].before_connected.assign(100'000, GANGWAY_AGAIN);
    check_.timeout = soon;
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy connect_timeout");
    EXPECT_THAT(result.detail, HasSubstr("within 0.02 s;"));
    EXPECT_GE(result.latency, soon);
    EXPECT_EQ(workers_.front().request, "");
}

TEST_F(ProbeTest, FindsAProcessUnhealthyThatRefusesTheConnection) {
    session(fine);
    process().sessions[0].before_connected = {GANGWAY_IN_PROGRESS, GANGWAY_CONNECT_FAILED};
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy refused");
    EXPECT_THAT(result.detail, HasSubstr("refused"));
}

TEST_F(ProbeTest, BlamesNoProcessForWhatTheAgentCouldNotDo) {
    session(fine);
    process().sessions[0].before_connected = {GANGWAY_FAILED};
    EXPECT_EQ(verdict(), "skipped not_routable");
}

// ---------------------------------------------------------------- its time is up

TEST_F(ProbeTest, GivesUpAProcessThatSaysNothing) {
    session("");
    check_.timeout = soon;
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy first_byte_timeout");
    EXPECT_GE(result.latency, soon);
    EXPECT_EQ(result.status, 0U);
}

TEST_F(ProbeTest, GivesUpAProcessThatDoesNotEndItsAnswer) {
    for (const char* part : {"H", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nOK",
                             "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                             "HTTP/1.1 200 OK\r\n\r\nOK", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        session(part);
        check_.timeout = soon;
        EXPECT_EQ(verdict(), "unhealthy read_timeout") << part;
        EXPECT_FALSE(process().sessions.back().end.success);
    }
}

TEST_F(ProbeTest, CountsTheTimeoutFromWhenTheProcessWasHad) {
    int looks = 0;
    process().openings.assign(5, GANGWAY_BUSY);
    process().openings.push_back(GANGWAY_OK);
    process().on_open = [&] { looks++; };
    session("");
    check_.timeout = soon;
    const check::Result result = check();
    EXPECT_EQ(print(result), "unhealthy first_byte_timeout");
    EXPECT_EQ(looks, 6);
    EXPECT_GE(result.latency, soon);
}

TEST_F(ProbeTest, IsNotCutByWhatCameBefore) {
    probe_.cut(); // Nothing runs.
    session(fine);
    EXPECT_EQ(verdict(), "healthy");
}

TEST_F(ProbeTest, IsCutWhileItWaitsForABusyProcess) {
    process().openings = {GANGWAY_BUSY};
    process().on_open = [&] { net::post(context_, [&] { probe_.cut(); }); };
    EXPECT_EQ(verdict(), "busy busy");
    EXPECT_EQ(process().flags.size(), 1U);
}

TEST_F(ProbeTest, IsCutWhileItConnects) {
    for (const gangway_status status : {GANGWAY_AGAIN, GANGWAY_IN_PROGRESS}) {
        session(fine);
        process().sessions.back().before_connected.assign(100'000, status);
        process().on_open = [&] { net::post(context_, [&] { probe_.cut(); }); };
        EXPECT_EQ(verdict(), "skipped deadline") << status;
        EXPECT_FALSE(process().sessions.back().end.success);
    }
}

TEST_F(ProbeTest, IsCutWhileItWaitsForTheAnswer) {
    session("").on_request = [&] { net::post(context_, [&] { probe_.cut(); }); };
    const check::Result result = check();
    EXPECT_EQ(print(result), "skipped deadline");
    EXPECT_THAT(result.detail, HasSubstr("deadline"));
    EXPECT_FALSE(end().success);
}

TEST_F(ProbeTest, IsCutWhileItReadsTheAnswer) {
    auto timer = std::make_shared<Timer>(context_);
    // Once it has read all that there is.
    session("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nOK").on_request = [&] {
        timer->expires_after(soon);
        timer->async_wait([&](error_code) { probe_.cut(); });
    };
    const check::Result result = check();
    EXPECT_EQ(print(result), "skipped deadline");
    EXPECT_EQ(result.status, 200U);
    EXPECT_EQ(result.body_bytes, 2U);
    EXPECT_FALSE(end().success);
}

TEST_F(ProbeTest, TriesNothingAgainOnceItIsCutBetweenTwoAttempts) {
    Worker& stale = session("", kept);
    stale.socket.close();
    session(fine);
    process().on_open = [&] { net::post(context_, [&] { probe_.cut(); }); };
    EXPECT_EQ(verdict(), "skipped deadline");
    EXPECT_EQ(process().opened, 1U);
}

TEST_F(ProbeTest, TriesNothingAgainOnceItWasCut) {
    closing_session("", kept).on_request = [&] { probe_.cut(); };
    session(fine);
    EXPECT_EQ(verdict(), "skipped deadline");
    EXPECT_EQ(process().opened, 1U);
}

// ---------------------------------------------------------------- many

class RoundTest : public ProbeTest {
  protected:
    // A process with one session for each answer.
    void add(const std::string& gupid, const std::vector<std::string>& answers) {
        subjects_.push_back({static_cast<std::int64_t>(subjects_.size()), gupid, "shop"});
        process(gupid);
        for (const std::string& answer : answers) {
            session(answer, fresh, gupid);
        }
    }
    void make_round() {
        round_.emplace(context_.get_executor(), pool_, clock_steps_, max_header_bytes, check_,
                       subjects_);
    }
    // Until there is no next result; "gupid-a healthy, gupid-b busy busy".
    std::string results() {
        std::string text;
        const auto work = [&]() -> awaitable<void> {
            for (auto next = co_await round_->next(); next; next = co_await round_->next()) {
                text += text.empty() ? "" : ", ";
                text += subjects_[next->index].gupid + " " + print(next->result);
                if (on_result_) {
                    on_result_();
                }
            }
            co_await round_->end();
        };
        run_coroutine(context_, work);
        for (const auto& [gupid, each] : pool_.processes) {
            EXPECT_EQ(each.references, 0U) << gupid;
            for (std::size_t i = 0; i < each.opened; i++) {
                EXPECT_EQ(each.sessions[i].end.closed, 1U) << gupid;
            }
        }
        return text;
    }

    std::vector<pool::Subject> subjects_;
    std::optional<Round> round_;
    std::function<void()> on_result_;
};

TEST_F(RoundTest, OfNobodyIsOverAtOnce) {
    make_round();
    round_->start(32, never);
    EXPECT_EQ(results(), "");
    EXPECT_EQ(round_->summary().total(), 0U);
    EXPECT_FALSE(round_->summary().deadline_reached);
}

TEST_F(RoundTest, ChecksEachProcessOnceAndOneAfterTheOtherInOneLane) {
    add("a", {fine});
    add("b", {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"});
    add("c", {});
    process("c").openings = {GANGWAY_BUSY};
    add("d", {});
    process("d").openings = {GANGWAY_NOT_ROUTABLE};
    add("e", {fine});
    pool_.processes.erase("e");
    check_.wait = milliseconds(0);
    make_round();
    round_->start(1, never);
    EXPECT_EQ(results(), "a healthy, b unhealthy bad_status, c busy busy, d skipped not_routable, "
                         "e unhealthy gone");
    const Summary& summary = round_->summary();
    EXPECT_EQ(summary.healthy, 1U);
    EXPECT_EQ(summary.unhealthy, 2U);
    EXPECT_EQ(summary.busy, 1U);
    EXPECT_EQ(summary.skipped, 1U);
    EXPECT_GT(summary.duration.count(), 0);
    EXPECT_FALSE(summary.deadline_reached);
}

TEST_F(RoundTest, ChecksSoManyAtOnceAsThereAreLanes) {
    std::size_t most = 0;
    const auto look = [&] {
        std::size_t open = 1; // the one that is being opened
        for (const auto& [gupid, each] : pool_.processes) {
            for (std::size_t i = 0; i < each.opened; i++) {
                open += each.sessions[i].end.closed == 0 ? 1U : 0U;
            }
        }
        most = std::max(most, open);
    };
    for (const char* gupid : {"a", "b", "c", "d", "e", "f", "g"}) {
        add(gupid, {fine});
        process(gupid).on_open = look;
    }
    make_round();
    round_->start(3, never);
    results();
    EXPECT_EQ(round_->summary().healthy, 7U);
    EXPECT_EQ(most, 3U);
}

TEST_F(RoundTest, GivesResultsAsTheyCome) {
    add("slow", {""});
    add("b", {fine});
    add("c", {fine});
    unsigned given = 0;
    // The slow one answers once all others are known.
    on_result_ = [&] {
        if (++given == 2) {
            Worker& slow = workers_.front();
            ASSERT_EQ(slow.socket.send(net::buffer(fine)), fine.size());
        }
    };
    make_round();
    round_->start(2, never);
    EXPECT_EQ(results(), "b healthy, c healthy, slow healthy");
}

TEST_F(RoundTest, SkipsAtItsDeadlineWhatHasNoAnswerYet) {
    add("a", {fine});
    add("b", {""});
    add("c", {""});
    add("d", {fine});
    add("e", {fine});
    make_round();
    round_->start(2, 5 * soon);
    const std::string text = results();
    EXPECT_THAT(text, testing::StartsWith("a healthy, "));
    for (const char* gupid : {"b", "c", "d", "e"}) {
        EXPECT_THAT(text, HasSubstr(std::string(gupid) + " skipped deadline"));
    }
    EXPECT_EQ(process("d").opened, 0U);
    EXPECT_EQ(round_->summary().total(), 5U);
    EXPECT_TRUE(round_->summary().deadline_reached);
}

TEST_F(RoundTest, DoesNotReachADeadlineThatComesWhenAllIsKnown) {
    add("a", {fine});
    make_round();
    round_->start(1, soon);
    const auto work = [&]() -> awaitable<void> {
        auto next = co_await round_->next();
        EXPECT_TRUE(next.has_value());
        Timer slow_reader(context_, 2 * soon);
        co_await slow_reader.async_wait(as_result);
        next = co_await round_->next();
        EXPECT_FALSE(next.has_value());
        co_await round_->end();
    };
    run_coroutine(context_, work);
    EXPECT_EQ(round_->summary().healthy, 1U);
    EXPECT_FALSE(round_->summary().deadline_reached);
}

TEST_F(RoundTest, GivesWhatIsThereWithoutAWait) {
    add("a", {fine});
    add("b", {fine});
    add("c", {fine});
    make_round();
    EXPECT_FALSE(round_->next_now().has_value());
    round_->start(1, never);
    const auto work = [&]() -> awaitable<void> {
        EXPECT_TRUE((co_await round_->next()).has_value());
        while (round_->summary().total() < 3) {
            co_await others_first(context_.get_executor());
        }
        const auto second = round_->next_now();
        const auto third = round_->next_now();
        const auto fourth = round_->next_now();
        EXPECT_TRUE(second.has_value() && second->index == 1);
        EXPECT_TRUE(third.has_value() && third->index == 2);
        EXPECT_FALSE(fourth.has_value());
        const auto none = co_await round_->next();
        EXPECT_FALSE(none.has_value());
        co_await round_->end();
    };
    run_coroutine(context_, work);
}

TEST_F(RoundTest, HasNothingThereOnceItIsCut) {
    add("a", {fine});
    add("b", {fine});
    make_round();
    round_->start(1, never);
    const auto work = [&]() -> awaitable<void> {
        EXPECT_TRUE((co_await round_->next()).has_value());
        while (round_->summary().total() < 2) {
            co_await others_first(context_.get_executor());
        }
        round_->cut();
        EXPECT_FALSE(round_->next_now().has_value());
        co_await round_->end();
    };
    run_coroutine(context_, work);
}

TEST_F(RoundTest, GivesNothingMoreOnceItIsCut) {
    add("a", {fine});
    add("b", {""});
    add("c", {fine});
    on_result_ = [&] { round_->cut(); };
    make_round();
    round_->start(1, never);
    EXPECT_EQ(results(), "a healthy");
    EXPECT_TRUE(round_->is_cut());
    EXPECT_EQ(process("c").opened, 0U);
}

TEST_F(RoundTest, EndsSoonWhenItIsCutWhileItWaits) {
    for (const char* gupid : {"a", "b", "c"}) {
        add(gupid, {""});
    }
    workers_.back().on_request = [&] { round_->cut(); };
    make_round();
    round_->start(3, never);
    EXPECT_EQ(results(), "");
}

TEST_F(RoundTest, LeavesNothingBehindWhenItEndsAsSoonAsItWasStarted) {
    add("a", {fine});
    add("b", {fine});
    make_round();
    const auto work = [&]() -> awaitable<void> {
        round_->start(1, never);
        co_await round_->end();
        const auto next = co_await round_->next();
        EXPECT_FALSE(next.has_value());
    };
    run_coroutine(context_, work);
    EXPECT_EQ(results(), "");
    EXPECT_EQ(process("b").opened, 0U);
}

} // namespace
} // namespace gangway::health
