#include "base/lazy_timer.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace gangway {
namespace {

using Clock = LazyTimer::Clock;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Its run() ends when nothing is waited for any more.
class LazyTimerTest : public testing::Test {
  protected:
    // Runs the context to its end; how many handlers that took.
    std::size_t run() {
        context_.restart();
        return context_.run();
    }

    // Whether it had called by then: what is due is called in the order of its times, however late
    // the machine comes to it.
    void look_at(Clock::time_point time) {
        look_.expires_at(time);
        look_.async_wait([this](error_code) { calls_seen_ = calls_; });
    }

    net::io_context context_;
    Timer look_{context_};
    unsigned calls_ = 0;
    unsigned calls_seen_ = 0;
    Clock::time_point called_at_;
    std::optional<LazyTimer> timer_{std::in_place, context_.get_executor(), [this] {
                                        calls_++;
                                        called_at_ = Clock::now();
                                    }};
};

TEST_F(LazyTimerTest, CallsNobodyUnlessItWasSet) {
    EXPECT_EQ(run(), 0U);
    timer_->stop();
    EXPECT_EQ(run(), 0U);
    EXPECT_EQ(calls_, 0U);
}

TEST_F(LazyTimerTest, CallsOnceWhenTheTimeHasCome) {
    const Clock::time_point time = Clock::now() + milliseconds(2);
    timer_->set(time);
    look_at(time + microseconds(1));
    run();
    EXPECT_EQ(calls_, 1U);
    EXPECT_GE(called_at_, time);
    EXPECT_EQ(calls_seen_, 1U) << "It called too late.";
}

TEST_F(LazyTimerTest, CallsSoonForATimeThatHasPassed) {
    timer_->set_after(milliseconds(-1));
    EXPECT_EQ(calls_, 0U);
    run();
    EXPECT_EQ(calls_, 1U);
}

TEST_F(LazyTimerTest, CallsNobodyOnceItWasStopped) {
    timer_->set_after(milliseconds(1));
    timer_->stop();
    run();
    EXPECT_EQ(calls_, 0U);
}

TEST_F(LazyTimerTest, CallsAtALaterTimeThatWasSetAfterwards) {
    timer_->set_after(milliseconds(1));
    const Clock::time_point time = Clock::now() + milliseconds(4);
    timer_->set(time);
    look_at(time + microseconds(1));
    run();
    EXPECT_EQ(calls_, 1U);
    EXPECT_GE(called_at_, time);
    EXPECT_EQ(calls_seen_, 1U) << "It called too late.";
}

TEST_F(LazyTimerTest, CallsAtASoonerTimeThatWasSetAfterwards) {
    timer_->set_after(hours(1)); // Longer than any test may take.
    const Clock::time_point time = Clock::now() + milliseconds(1);
    timer_->set(time);
    look_at(time + microseconds(1));
    run();
    EXPECT_EQ(calls_, 1U);
    EXPECT_GE(called_at_, time);
    EXPECT_EQ(calls_seen_, 1U) << "It called too late.";
}

TEST_F(LazyTimerTest, KeepsATimeThatIsSetAfterAStop) {
    timer_->set_after(milliseconds(1));
    timer_->stop();
    const Clock::time_point time = Clock::now() + milliseconds(3);
    timer_->set(time);
    look_at(time + microseconds(1));
    run();
    EXPECT_EQ(calls_, 1U);
    EXPECT_GE(called_at_, time);
    EXPECT_EQ(calls_seen_, 1U) << "It called too late.";
}

TEST_F(LazyTimerTest, ServesAgainAfterItCalled) {
    for (unsigned i = 1; i <= 3; i++) {
        timer_->set_after(milliseconds(1));
        run();
        EXPECT_EQ(calls_, i);
    }
    EXPECT_EQ(run(), 0U);
}

TEST_F(LazyTimerTest, CanBeSetByWhomItCalls) {
    std::optional<LazyTimer> timer;
    timer.emplace(context_.get_executor(), [&] {
        calls_++;
        if (calls_ < 3) {
            timer->set_after(milliseconds(1));
        }
    });
    timer->set_after(milliseconds(1));
    run();
    EXPECT_EQ(calls_, 3U);
}

TEST_F(LazyTimerTest, TouchesTheSystemsTimerNotForALaterTime) {
    const Clock::time_point time = Clock::now() + milliseconds(1);
    for (int i = 0; i < 1000; i++) {
        timer_->set(time + microseconds(i));
    }
    EXPECT_LE(run(), 2U); // A cancelled wait would be one more for each.
    EXPECT_EQ(calls_, 1U);
}

TEST_F(LazyTimerTest, CallsNobodyOnceItHasGone) {
    timer_->set_after(milliseconds(-1));
    timer_.reset();
    run();
    EXPECT_EQ(calls_, 0U);
}

TEST_F(LazyTimerTest, CallsNobodyOnceItHasGoneWithItsHandlerQueued) {
    Timer first(context_, Clock::now() - milliseconds(2));
    first.async_wait([this](error_code) { timer_.reset(); });
    timer_->set_after(
        milliseconds(-1)); // Expires together with the other, and is queued behind it.
    run();
    EXPECT_EQ(calls_, 0U);
    EXPECT_FALSE(timer_.has_value());
}

TEST_F(LazyTimerTest, MayGoWhileItCalls) {
    std::optional<LazyTimer> timer;
    timer.emplace(context_.get_executor(), [&] {
        timer.reset();
        calls_++;
    });
    timer->set_after(milliseconds(1));
    run();
    EXPECT_EQ(calls_, 1U);
}

} // namespace
} // namespace gangway
