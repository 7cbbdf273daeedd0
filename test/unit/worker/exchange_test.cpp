#include "worker/exchange.hpp"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/pool_fake.hpp"
#include "support/run_coroutine.hpp"
#include "worker/upstream.hpp"

namespace gangway::worker {
namespace {

using Clock = LazyTimer::Clock;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr milliseconds never = hours(1); // Longer than any test may take.
constexpr milliseconds soon(2);

constexpr Bounds endless{never, never, never, never, never, std::nullopt};

Bounds but(milliseconds Bounds::*bound, milliseconds value) {
    Bounds result = endless;
    result.*bound = value;
    return result;
}

class ExchangeTest : public testing::Test {
  protected:
    void begin(const Bounds& bounds) { exchange_.begin(bounds, Clock::now()); }

    // Calls function after that time.
    template <typename Function>
    void after(milliseconds duration, Function function) {
        auto timer = std::make_shared<Timer>(context_, duration);
        timer->async_wait([timer, function](error_code) { function(); });
    }

    // Whether it was cut by then: what is due is called in the order of its times, however late the
    // machine comes to it.
    void look_at(Clock::time_point time) {
        look_.expires_at(time + std::chrono::microseconds(1));
        looking_ = true;
        look_.async_wait([this](error_code) {
            seen_cut_ = exchange_.is_cut();
            looking_ = false;
        });
    }

    // When the exchange was cut, while it paused for long.
    Clock::time_point run_until_cut() {
        Clock::time_point cut_at;
        const auto pause = [&]() -> awaitable<void> {
            const bool whole = co_await exchange_.pause(never);
            EXPECT_FALSE(whole);
            cut_at = Clock::now();
        };
        run_coroutine(context_, pause);
        while (looking_ && context_.run_one() > 0) {
        }
        return cut_at;
    }

    net::io_context context_;
    Timer look_{context_};
    bool looking_ = false;
    bool seen_cut_ = false;
    unsigned client_interruptions_ = 0;
    Exchange exchange_{context_.get_executor(), [this] { client_interruptions_++; }};
};

struct CutCase {
    Phase phase;
    milliseconds Bounds::*bound;
    Cut cut;
    bool waits_for_client = false; // perhaps for it alone
};

class ExchangeIn : public ExchangeTest, public testing::WithParamInterface<CutCase> {};

TEST_P(ExchangeIn, IsCutWhenTheBoundOfItsPhaseIsOver) {
    begin(but(GetParam().bound, soon));
    const Clock::time_point entered = Clock::now();
    exchange_.enter(GetParam().phase, entered);
    look_at(entered + soon);
    const Clock::time_point cut_at = run_until_cut();
    EXPECT_EQ(exchange_.cut(), GetParam().cut);
    EXPECT_GE(cut_at - entered, soon);
    EXPECT_TRUE(seen_cut_) << "It is cut too late.";
    EXPECT_EQ(client_interruptions_, GetParam().waits_for_client ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Each, ExchangeIn,
    testing::Values(CutCase{Phase::connecting, &Bounds::connect, Cut::connect_timeout},
                    CutCase{Phase::sending, &Bounds::idle, Cut::idle_timeout},
                    CutCase{Phase::answering, &Bounds::first_byte, Cut::first_byte_timeout},
                    CutCase{Phase::receiving, &Bounds::idle, Cut::idle_timeout},
                    CutCase{Phase::tunnel, &Bounds::tunnel, Cut::idle_timeout, true},
                    CutCase{Phase::half_closed, &Bounds::idle, Cut::idle_timeout, true},
                    CutCase{Phase::half_closed, &Bounds::tunnel, Cut::idle_timeout, true}));

TEST_P(ExchangeIn, IsNotCutSoonerThanTheBoundAfterTheLastByte) {
    begin(but(GetParam().bound, milliseconds(8)));
    exchange_.enter(GetParam().phase);
    Clock::time_point heard_at;
    after(milliseconds(4), [&] {
        heard_at = Clock::now();
        exchange_.heard(heard_at);
        look_at(heard_at + milliseconds(8));
    });
    const Clock::time_point cut_at = run_until_cut();
    EXPECT_GE(cut_at - heard_at, milliseconds(8));
    EXPECT_EQ(exchange_.cut(), GetParam().cut);
    EXPECT_TRUE(seen_cut_) << "It is cut too late.";
}

TEST_P(ExchangeIn, IsNotCutWhileItIsTheClientsTurn) {
    begin(but(GetParam().bound, soon));
    exchange_.enter(GetParam().phase);
    std::optional<Exchange::ClientTurn> reading(std::in_place, exchange_);
    std::optional<Exchange::ClientTurn> writing(std::in_place, exchange_);
    Clock::time_point turn_end;
    after(4 * soon, [&] { writing.reset(); });
    after(8 * soon, [&] {
        EXPECT_FALSE(exchange_.is_cut());
        turn_end = Clock::now();
        reading.reset();
    });
    const Clock::time_point cut_at = run_until_cut();
    EXPECT_EQ(exchange_.cut(), GetParam().cut);
    EXPECT_GE(cut_at - turn_end, soon);
}

TEST_F(ExchangeTest, WaitsForNothingBeforeItsFirstPhase) {
    begin({soon, soon, soon, soon, soon, std::nullopt});
    EXPECT_EQ(context_.run(), 0U);
    EXPECT_FALSE(exchange_.is_cut());
    EXPECT_TRUE(exchange_.running());
}

TEST_F(ExchangeTest, IsCutWhenTheTotalIsOverWhateverItWaitsFor) {
    for (const Phase phase : {Phase::none, Phase::connecting, Phase::sending, Phase::answering,
                              Phase::receiving, Phase::tunnel, Phase::half_closed}) {
        Bounds bounds = endless;
        bounds.total = soon;
        client_interruptions_ = 0;
        const Clock::time_point begun = Clock::now();
        exchange_.begin(bounds, begun);
        if (phase != Phase::none) {
            exchange_.enter(phase);
        }
        const Exchange::ClientTurn turn(exchange_);
        look_at(begun + soon);
        EXPECT_GE(run_until_cut() - begun, soon);
        EXPECT_EQ(exchange_.cut(), Cut::total_timeout);
        EXPECT_TRUE(seen_cut_) << "It is cut too late, in phase " << static_cast<int>(phase);
        EXPECT_EQ(client_interruptions_, 1U);
        exchange_.end();
    }
}

TEST_F(ExchangeTest, CountsTheTotalFromWhenTheRequestHadCome) {
    Bounds bounds = endless;
    bounds.total = milliseconds(100);
    exchange_.begin(bounds, Clock::now() - milliseconds(101));
    exchange_.enter(Phase::answering);
    run_until_cut();
    EXPECT_EQ(exchange_.cut(), Cut::total_timeout);
}

TEST_F(ExchangeTest, WaitsForTheFirstByteOnceTheRequestWasSent) {
    begin(but(&Bounds::first_byte, soon));
    exchange_.enter(Phase::sending);
    exchange_.request_sent();
    run_until_cut();
    EXPECT_EQ(exchange_.cut(), Cut::first_byte_timeout);
}

TEST_F(ExchangeTest, WaitsForTheNextByteOfAnAnswerThatBeganBeforeTheRequestWasSent) {
    begin(but(&Bounds::idle, soon));
    exchange_.enter(Phase::sending);
    exchange_.enter(Phase::receiving);
    exchange_.request_sent();
    run_until_cut();
    EXPECT_EQ(exchange_.cut(), Cut::idle_timeout);
}

TEST_F(ExchangeTest, WaitsForTheNextAnswerBehindAnInterimOne) {
    for (const bool sent : {true, false}) {
        begin(but(sent ? &Bounds::first_byte : &Bounds::idle, soon));
        exchange_.enter(Phase::sending);
        if (sent) {
            exchange_.request_sent();
        }
        exchange_.enter(Phase::receiving);
        exchange_.await_answer();
        run_until_cut();
        EXPECT_EQ(exchange_.cut(), sent ? Cut::first_byte_timeout : Cut::idle_timeout);
        exchange_.end();
    }
}

TEST_F(ExchangeTest, CountsTheFirstCut) {
    begin(endless);
    exchange_.cut(Cut::shutting_down);
    exchange_.cut(Cut::total_timeout);
    EXPECT_EQ(exchange_.cut(), Cut::shutting_down);
    EXPECT_EQ(client_interruptions_, 0U);
}

TEST_F(ExchangeTest, CannotBeCutOutsideOfARequest) {
    exchange_.cut(Cut::client_gone);
    EXPECT_FALSE(exchange_.is_cut());
    begin(but(&Bounds::idle, soon));
    exchange_.enter(Phase::sending);
    exchange_.end();
    exchange_.heard();
    context_.run();
    exchange_.cut(Cut::client_gone);
    EXPECT_FALSE(exchange_.is_cut());
    EXPECT_FALSE(exchange_.running());
}

TEST_F(ExchangeTest, IsNotCutForATunnelsClientThatHasEnded) {
    begin(endless);
    exchange_.enter(Phase::tunnel);
    exchange_.cut(Cut::client_gone);
    EXPECT_FALSE(exchange_.is_cut());
    exchange_.cut(Cut::shutting_down);
    EXPECT_EQ(exchange_.cut(), Cut::shutting_down);
}

TEST_F(ExchangeTest, BeginsAnewWithEachRequest) {
    begin(endless);
    exchange_.enter(Phase::sending);
    exchange_.request_sent();
    exchange_.cut(Cut::client_gone);
    exchange_.end();
    begin(but(&Bounds::idle, soon));
    EXPECT_FALSE(exchange_.is_cut());
    exchange_.await_answer(); // This request was not sent yet.
    run_until_cut();
    EXPECT_EQ(exchange_.cut(), Cut::idle_timeout);
}

TEST_F(ExchangeTest, PausesUnlessItWasCut) {
    begin(endless);
    std::string seen;
    const auto pauses = [&]() -> awaitable<void> {
        const Clock::time_point begun = Clock::now();
        bool whole = co_await exchange_.pause(soon);
        EXPECT_GE(Clock::now() - begun, soon);
        seen += whole ? "whole " : "cut ";
        exchange_.cut(Cut::client_gone);
        whole = co_await exchange_.pause(never);
        seen += whole ? "whole" : "cut";
    };
    run_coroutine(context_, pauses);
    EXPECT_EQ(seen, "whole cut");
}

// With a connection to a process that is one end of a socket pair.
class UpstreamTest : public ExchangeTest {
  protected:
    UpstreamTest() {
        ClientSocket ours(context_);
        net::local::connect_pair(ours, theirs_);
        ours_ = ours.release(); // An upstream is lent a descriptor that no event loop knows.
    }
    ~UpstreamTest() override { ::close(ours_); }

    Upstream upstream(std::deque<gangway_status> before = {}) {
        return {context_.get_executor(),
                std::make_unique<pool::FakeSession>(ours_, end_, std::move(before))};
    }

    // Connects; then what the first read gives, unless there was a problem.
    std::optional<Problem> connect_and_read(Upstream& upstream) {
        std::optional<Problem> problem;
        const auto connect = [&]() -> awaitable<void> {
            const Exchange::UpstreamInUse in_use(exchange_, upstream);
            if (!upstream.connect_now()) {
                problem = co_await upstream.connect(exchange_);
            }
            if (!problem && !exchange_.is_cut()) {
                exchange_.enter(Phase::answering);
                std::array<char, 16> space{};
                const auto [ec, size] = co_await upstream.receive(net::buffer(space));
                read_error_ = ec;
                read_.assign(space.data(), size);
            }
            exchange_.end();
        };
        run_coroutine(context_, connect);
        return problem;
    }

    int ours_ = -1;
    ClientSocket theirs_{context_};
    pool::SessionEnd end_;
    error_code read_error_;
    std::string read_;
};

TEST_F(UpstreamTest, LendsTheConnectionOfASessionAndGivesItBack) {
    begin(endless);
    ASSERT_EQ(theirs_.send(net::buffer("hello", 5)), 5U);
    {
        Upstream upstream = this->upstream({GANGWAY_IN_PROGRESS, GANGWAY_IN_PROGRESS});
        EXPECT_FALSE(connect_and_read(upstream).has_value());
        EXPECT_EQ(read_, "hello");
        EXPECT_TRUE(upstream.reused());
        EXPECT_FALSE(upstream.is_direct());
        EXPECT_EQ(upstream.protocol(), GANGWAY_PROTOCOL_SESSION);
        upstream.request_oobw();
        upstream.finish(true, true);
        upstream.finish(false, false);
        upstream.cancel();
    }
    EXPECT_EQ(end_.closed, 1U);
    EXPECT_TRUE(end_.success);
    EXPECT_TRUE(end_.keep_alive);
    EXPECT_EQ(end_.oobw_requests, 1U);
    // Neither closed nor shut down.
    EXPECT_EQ(::write(ours_, "x", 1), 1);
}

TEST_F(UpstreamTest, ClosesASessionThatWasNotFinishedAsFailed) {
    begin(endless);
    ASSERT_EQ(theirs_.send(net::buffer("hello", 5)), 5U);
    {
        Upstream upstream = this->upstream();
        EXPECT_FALSE(connect_and_read(upstream).has_value());
    }
    EXPECT_EQ(end_.closed, 1U);
    EXPECT_FALSE(end_.success);
    EXPECT_FALSE(end_.keep_alive);
}

TEST_F(UpstreamTest, TriesAgainWhileTheQueueOfTheProcessIsFull) {
    begin(endless);
    ASSERT_EQ(theirs_.send(net::buffer("hello", 5)), 5U);
    Upstream upstream = this->upstream({GANGWAY_AGAIN, GANGWAY_AGAIN});
    EXPECT_FALSE(connect_and_read(upstream).has_value());
    EXPECT_EQ(read_, "hello");
}

TEST_F(UpstreamTest, SaysWhyAConnectionFailed) {
    begin(endless);
    Upstream refused = upstream({GANGWAY_CONNECT_FAILED});
    auto problem = connect_and_read(refused);
    ASSERT_TRUE(problem.has_value());
    EXPECT_EQ(problem->code, Code::connect_failed);
    EXPECT_NE(problem->detail.find("refused"), std::string::npos) << problem->detail;
    begin(endless);
    Upstream failed = upstream({GANGWAY_FAILED});
    problem = connect_and_read(failed);
    ASSERT_TRUE(problem.has_value());
    EXPECT_EQ(problem->code, Code::internal_error);
}

TEST_F(UpstreamTest, GivesUpOnceTheConnectTimeIsOver) {
    begin(but(&Bounds::connect, soon));
    Upstream upstream = this->upstream(std::deque<gangway_status>(100'000, GANGWAY_AGAIN));
    EXPECT_FALSE(connect_and_read(upstream).has_value());
    EXPECT_EQ(exchange_.cut(), Cut::connect_timeout);
    EXPECT_EQ(read_, "");
}

TEST_F(UpstreamTest, IsInterruptedByACut) {
    begin(but(&Bounds::first_byte, soon));
    Upstream upstream = this->upstream();
    EXPECT_FALSE(connect_and_read(upstream).has_value());
    EXPECT_EQ(exchange_.cut(), Cut::first_byte_timeout);
    EXPECT_EQ(read_, "");
    EXPECT_TRUE(read_error_);
    // Whatever is begun afterwards fails at once.
    std::array<char, 1> space{};
    error_code ec;
    theirs_.receive(net::buffer(space), 0, ec);
    EXPECT_EQ(ec, net::error::eof);
}

TEST_F(UpstreamTest, TakesNoDebugAddressThatItDoesNotUnderstand) {
    for (const char* address : {"", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "tcp://name:80",
                                "tcp://:80", "http://127.0.0.1:80", "127.0.0.1:80"}) {
        begin(endless);
        gangway_process_identity identity{};
        identity.pid = ::getpid();
        identity.debug_address = pool::abi(address);
        Upstream upstream(context_.get_executor(), identity);
        EXPECT_TRUE(upstream.is_direct());
        const auto problem = connect_and_read(upstream);
        ASSERT_TRUE(problem.has_value()) << address;
        EXPECT_EQ(problem->code, Code::internal_error) << address;
    }
}

} // namespace
} // namespace gangway::worker
