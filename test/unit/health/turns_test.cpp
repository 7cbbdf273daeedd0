// That a round of many checks leaves others their turns on the thread that all share.
#include "health/round.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "support/health_fakes.hpp"

namespace gangway::health {
namespace {

class RoundsTurns : public testing::Test {
  protected:
    static constexpr std::size_t processes = 300;

    RoundsTurns() {
        pool_.rows.add_group("shop", "password");
        for (std::size_t i = 0; i < processes; i++) {
            const std::string gupid = "gupid-" + std::to_string(i);
            pool_.rows.add_process(static_cast<std::int64_t>(1000 + i), gupid);
            subjects_.push_back({static_cast<std::int64_t>(1000 + i), gupid, "shop"});
        }
    }

    net::io_context context_;
    LivePool pool_;
    std::vector<pool::Subject> subjects_;
    check::Check check_;
    ClockSteps clock_steps_;
};

TEST_F(RoundsTurns, WhoComesAfterTheBeginningOfARoundHasHisTurnAfterAFewChecks) {
    std::size_t begun_before = processes;
    const auto work = [&]() -> awaitable<void> {
        Round round(context_.get_executor(), pool_, clock_steps_, 4096, check_, subjects_);
        round.start(256, std::chrono::hours(1));
        net::post(context_, [&] { begun_before = pool_.asked.size(); });
        std::size_t results = 0;
        while (co_await round.next()) {
            results++;
        }
        EXPECT_EQ(results, processes);
        EXPECT_EQ(round.summary().healthy, processes);
        co_await round.end();
    };
    run_all(context_, work());
    EXPECT_LE(begun_before, 4U);
    EXPECT_EQ(pool_.asked.size(), processes);
}

TEST_F(RoundsTurns, ChecksThatEndAtOnceLeaveOthersTheirTurnsToo) {
    for (pool::Subject& subject : subjects_) {
        subject.gupid = "gone-" + subject.gupid;
    }
    std::size_t before = 0;
    std::size_t most = 0;
    std::function<void()> other; // has a turn after all others, as long as the round runs
    const auto work = [&]() -> awaitable<void> {
        Round round(context_.get_executor(), pool_, clock_steps_, 4096, check_, subjects_);
        other = [&] {
            const std::size_t total = round.summary().total();
            most = std::max(most, total - before);
            before = total;
            if (total < processes) {
                net::post(context_, other);
            }
        };
        round.start(2, std::chrono::hours(1));
        net::post(context_, other);
        while (before < processes) {
            co_await others_first(context_.get_executor());
        }
        EXPECT_EQ(round.summary().unhealthy, processes);
        co_await round.end();
    };
    run_all(context_, work());
    EXPECT_LE(most, 4U);
}

// A look takes longer than a turn, and there are many at once.
TEST_F(RoundsTurns, CostlyLooksOfOneUserAreOneInEachTurnOfOthers) {
    pool_.body = std::string(max_body_looked_at, 'x');
    check_.expectation.regex = *check::parse_regex("x{200}y");
    Turns turns;
    std::size_t most = 0;
    std::size_t before = 0;
    std::function<void()> other; // has a turn after all others, as long as the round runs
    const auto work = [&]() -> awaitable<void> {
        Round round(context_.get_executor(), pool_, clock_steps_, 4096, check_, subjects_);
        round.take_turns(turns, Owner(1000));
        other = [&] {
            const std::size_t total = round.summary().total();
            most = std::max(most, total - before);
            before = total;
            if (total < processes) {
                net::post(context_, other);
            }
        };
        round.start(64, std::chrono::hours(1));
        net::post(context_, other);
        while (before < processes) {
            co_await others_first(context_.get_executor());
        }
        co_await round.end();
    };
    run_all(context_, work());
    EXPECT_LE(most, 2U);
}

// Else the client that has gone, and the agent's exit, would wait for a whole check.
TEST_F(RoundsTurns, ACheckThatIsCutWhileItWaitsForATurnDoesNotBegin) {
    Turns turns;
    Turns::Caller other(turns, Owner(1000));
    const auto work = [&]() -> awaitable<void> {
        Round round(context_.get_executor(), pool_, clock_steps_, 4096, check_, subjects_);
        round.take_turns(turns, Owner(1000));
        const auto past = Turns::Clock::now() - std::chrono::hours(1);
        EXPECT_TRUE(other.has_turn(past));
        round.start(1, std::chrono::hours(1));
        do { // Until the next is kept for the check.
            other.step_back();
            co_await others_first(context_.get_executor());
            other.come_back();
        } while (other.has_turn(past));
        round.cut();
        co_await round.end();
    };
    run_all(context_, work());
    EXPECT_TRUE(pool_.asked.empty());
}

TEST_F(RoundsTurns, AsManyChecksRunAtOnceAsAreAllowed) {
    for (const auto& subject : subjects_) {
        pool_.manners[subject.gupid] = Manner::hangs;
    }
    const auto work = [&]() -> awaitable<void> {
        Round round(context_.get_executor(), pool_, clock_steps_, 4096, check_, subjects_);
        round.start(256, std::chrono::milliseconds(300));
        while (co_await round.next()) {
        }
        EXPECT_TRUE(round.summary().deadline_reached);
        EXPECT_EQ(round.summary().skipped, processes);
        co_await round.end();
    };
    run_all(context_, work());
    EXPECT_EQ(pool_.most_sessions, 256U);
}

TEST_F(RoundsTurns, ARoundThatIsCutWhileItBeginsEnds) {
    const auto work = [&]() -> awaitable<void> {
        Round round(context_.get_executor(), pool_, clock_steps_, 4096, check_, subjects_);
        round.start(256, std::chrono::hours(1));
        co_await others_first(context_.get_executor());
        round.cut();
        const auto result = co_await round.next();
        EXPECT_FALSE(result.has_value());
        co_await round.end();
    };
    run_all(context_, work());
    EXPECT_LE(pool_.asked.size(), 4U);
    EXPECT_EQ(pool_.sessions, 0U);
}

} // namespace
} // namespace gangway::health
