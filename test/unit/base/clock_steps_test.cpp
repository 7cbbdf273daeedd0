#include "base/clock_steps.hpp"

#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/random_numbers.hpp"

namespace gangway {
namespace {

using std::chrono::microseconds;
using namespace std::chrono_literals;

// Two clocks, one of which is set now and then.
class ClockStepsTest : public testing::Test {
  protected:
    void pass(microseconds time) {
        now_ += time;
        wall_usec_ += static_cast<std::uint64_t>(time.count());
    }
    // Without a word to anyone.
    void set_by(microseconds step) {
        wall_usec_ =
            static_cast<std::uint64_t>(static_cast<std::int64_t>(wall_usec_) + step.count());
    }
    void step(microseconds step) {
        set_by(step);
        note();
    }
    void note() { steps_.note(now_, wall_usec_); }
    std::uint64_t stamp() const { return wall_usec_; }
    microseconds age(std::uint64_t stamp_usec) { return steps_.age(stamp_usec, now_, wall_usec_); }

    ClockSteps::Time now_{5h};
    std::uint64_t wall_usec_ = 1'795'597'200'000'000;
    ClockSteps steps_;
};

TEST_F(ClockStepsTest, WithoutAStepAnAgeIsADifference) {
    const std::uint64_t made = stamp();
    EXPECT_EQ(age(made), 0us);
    pass(14s);
    EXPECT_EQ(age(made), 14s);
    EXPECT_EQ(age(made - 1), 14s + 1us);
    EXPECT_EQ(age(1), microseconds(wall_usec_ - 1));
}

TEST_F(ClockStepsTest, AStampOfTheFutureIsOfNow) {
    note();
    for (const std::uint64_t future :
         {stamp() + 1, std::uint64_t{1} << 62U, std::numeric_limits<std::uint64_t>::max()}) {
        EXPECT_EQ(age(future), 0us) << future;
    }
}

TEST_F(ClockStepsTest, AStepChangesNoAge) {
    for (const microseconds by : {microseconds(1h), microseconds(-2h), microseconds(200ms),
                                  microseconds(-200ms), microseconds(24h * 365)}) {
        const std::uint64_t before = stamp();
        note();
        pass(14s);
        step(by);
        EXPECT_EQ(age(before), 14s) << by.count();
        const std::uint64_t after = stamp();
        pass(3s);
        EXPECT_EQ(age(after), 3s) << by.count();
        EXPECT_EQ(age(before), 17s) << by.count();
        pass(48h); // Beyond the overlap that a step back leaves.
    }
}

TEST_F(ClockStepsTest, AStepThatNobodyToldIsFoundWhenAnAgeIsWanted) {
    const std::uint64_t made = stamp();
    note();
    pass(14s);
    set_by(1h);
    EXPECT_EQ(age(made), 14s);
    pass(1s);
    set_by(-3h);
    EXPECT_EQ(age(made), 15s);
}

TEST_F(ClockStepsTest, AStampMadeAfterAStepAndBeforeItWasNotedIsOfAfterIt) {
    for (const microseconds by : {microseconds(1h), microseconds(-2h)}) {
        note();
        pass(60s);
        set_by(by);
        pass(5ms);
        const std::uint64_t made = stamp();
        pass(5ms);
        note();
        EXPECT_EQ(age(made), 5ms) << by.count();
        pass(10s);
        EXPECT_EQ(age(made), 10s + 5ms) << by.count();
        pass(48h);
    }
}

TEST_F(ClockStepsTest, AStampMadeJustBeforeAStepIsOfBeforeIt) {
    for (const microseconds by : {microseconds(500ms), microseconds(1h)}) {
        note();
        pass(60s);
        const std::uint64_t made = stamp();
        pass(5ms);
        step(by);
        EXPECT_EQ(age(made), 5ms) << by.count();
        const std::uint64_t after = stamp();
        pass(10s);
        EXPECT_EQ(age(made), 10s + 5ms) << by.count();
        EXPECT_EQ(age(after), 10s) << by.count();
    }
}

TEST_F(ClockStepsTest, OfTwoAnswersAfterAStepBackItIsTheShorterOne) {
    note();
    pass(10min);
    const std::uint64_t made = stamp();
    pass(20min);
    step(-20min);
    EXPECT_EQ(age(made), 0us) << "The clock shows this time for the second time now.";
    pass(1s);
    EXPECT_EQ(age(made), 1s);
    EXPECT_EQ(age(made - 2'000'000), 20min + 3s) << "Which it did not show again.";
}

TEST_F(ClockStepsTest, SmallStepsAreNotedOnceTheyAddUp) {
    note();
    const std::uint64_t made = stamp();
    pass(10s);
    for (int i = 0; i < 20; i++) {
        step(60ms);
    }
    EXPECT_LE(age(made), 10s + ClockSteps::least_step);
    EXPECT_GE(age(made), 10s);
}

TEST_F(ClockStepsTest, TheOldestOfManyStepsAreForgotten) {
    std::vector<std::uint64_t> stamps;
    constexpr int steps = 100;
    for (int i = 0; i < steps; i++) {
        step(1h);
        stamps.push_back(stamp());
        pass(1s);
    }
    for (int i = 0; i < steps; i++) {
        const auto since = std::chrono::seconds(steps - i);
        if (since.count() <= static_cast<int>(ClockSteps::most_eras)) {
            EXPECT_EQ(age(stamps[static_cast<std::size_t>(i)]), since);
        } else {
            EXPECT_GT(age(stamps[static_cast<std::size_t>(i)]), since) << "as if it was not set";
        }
    }
}

// A stamp, made some time before and after which the clock was set.
struct History {
    explicit History(bool back_too) {
        const auto piece = random::uniform<std::int64_t>(1, 100'000'000);
        const auto least = microseconds(ClockSteps::least_step).count();
        const auto size = random::uniform<std::int64_t>(least, 1'000'000'000);
        const auto count = *random::uniform<std::size_t>(0, ClockSteps::most_eras);
        const auto when = *random::uniform<std::size_t>(0, count + 1);
        for (std::size_t i = 0;; i++) {
            pass(*piece);
            if (i == when) {
                made = now;
                stamp = wall_usec;
                pass(*piece);
            }
            steps.note(now, wall_usec);
            if (i == count) {
                return;
            }
            const bool back = back_too && *rc::gen::arbitrary<bool>();
            wall_usec += static_cast<std::uint64_t>(back ? -*size : *size);
            steps.note(now, wall_usec);
        }
    }
    void pass(std::int64_t usec) {
        now += microseconds(usec);
        wall_usec += static_cast<std::uint64_t>(usec);
    }
    microseconds age() { return steps.age(stamp, now, wall_usec); }
    microseconds expected() const { return std::chrono::duration_cast<microseconds>(now - made); }

    ClockSteps::Time now{5h};
    std::uint64_t wall_usec = 1'795'597'200'000'000;
    ClockSteps::Time made;
    std::uint64_t stamp = 0;
    ClockSteps steps;
};

RC_GTEST_PROP(ClockStepsProperties, StepsForwardLeaveEveryAgeRight, ()) {
    History history(false);
    RC_ASSERT(history.age() == history.expected());
}

RC_GTEST_PROP(ClockStepsProperties, StepsForwardAndBackMakeNoAgeTooLong, ()) {
    History history(true);
    RC_ASSERT(history.age() <= history.expected());
}

} // namespace
} // namespace gangway
