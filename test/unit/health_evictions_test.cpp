#include "health/evictions.hpp"

#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "child_process.hpp"

namespace gangway::health {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr Evictions::Time start{};

Subject subject(const ChildProcess& child) {
    return {child.pid(), "gupid", "shop"};
}

TEST(Evictions, KillAProcessWhenItsTimeHasCome) {
    ChildProcess child;
    Evictions evictions;
    ASSERT_TRUE(evictions.add(subject(child), start + 30s));
    EXPECT_FALSE(evictions.empty());
    EXPECT_THAT(evictions.kill_due(start), IsEmpty());
    EXPECT_THAT(evictions.kill_due(start + 30s - 1ns), IsEmpty());
    EXPECT_TRUE(child.is_running());
    const std::vector<Subject> killed = evictions.kill_due(start + 30s);
    ASSERT_EQ(killed.size(), 1U);
    EXPECT_EQ(killed.front().pid, child.pid());
    EXPECT_EQ(killed.front().group, "shop");
    EXPECT_EQ(child.wait_for_signal(), SIGKILL);
    EXPECT_TRUE(evictions.empty());
    EXPECT_THAT(evictions.kill_due(start + 1h), IsEmpty());
}

TEST(Evictions, LetGoOfAProcessThatHasEndedByItself) {
    ChildProcess child;
    Evictions evictions;
    ASSERT_TRUE(evictions.add(subject(child), start + 30s));
    child.end();
    EXPECT_THAT(evictions.kill_due(start), IsEmpty());
    EXPECT_TRUE(evictions.empty()) << "it is waited for though it has ended";
}

TEST(Evictions, SayOfNoneThatHasEndedThatItWasKilled) {
    ChildProcess child;
    Evictions evictions;
    ASSERT_TRUE(evictions.add(subject(child), start + 30s));
    child.end();
    EXPECT_THAT(evictions.kill_due(start + 30s), IsEmpty());
    EXPECT_TRUE(evictions.empty());
}

TEST(Evictions, SignalNobodyWhoWasForgotten) {
    ChildProcess kept;
    ChildProcess forgotten;
    Evictions evictions;
    ASSERT_TRUE(evictions.add(subject(kept), start));
    ASSERT_TRUE(evictions.add(subject(forgotten), start));
    evictions.forget_last();
    const std::vector<Subject> killed = evictions.kill_due(start);
    ASSERT_EQ(killed.size(), 1U);
    EXPECT_EQ(killed.front().pid, kept.pid());
    EXPECT_EQ(kept.wait_for_signal(), SIGKILL);
    EXPECT_TRUE(forgotten.is_running());
}

TEST(Evictions, TakeEachInItsOwnTime) {
    ChildProcess late;
    ChildProcess early;
    Evictions evictions;
    ASSERT_TRUE(evictions.add(subject(late), start + 60s));
    ASSERT_TRUE(evictions.add(subject(early), start + 30s));
    ASSERT_EQ(evictions.kill_due(start + 30s).size(), 1U);
    EXPECT_EQ(early.wait_for_signal(), SIGKILL);
    EXPECT_TRUE(late.is_running());
    EXPECT_FALSE(evictions.empty());
    EXPECT_EQ(evictions.kill_due(start + 60s).size(), 1U);
    EXPECT_EQ(late.wait_for_signal(), SIGKILL);
}

TEST(Evictions, TakeNoProcessThatIsNotThere) {
    ChildProcess child;
    const Subject gone = subject(child);
    child.end();
    child.reap();
    Evictions evictions;
    EXPECT_FALSE(evictions.add(gone, start));
    EXPECT_TRUE(evictions.empty());
    EXPECT_FALSE(evictions.add({0, "gupid", "shop"}, start));
    EXPECT_FALSE(evictions.add({-1, "gupid", "shop"}, start));
}

TEST(Evictions, KillNobodyWhenTheyEndThemselves) {
    ChildProcess child;
    {
        Evictions evictions;
        ASSERT_TRUE(evictions.add(subject(child), start));
    }
    EXPECT_TRUE(child.is_running());
}

} // namespace
} // namespace gangway::health
