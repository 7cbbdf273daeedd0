#include "health/evictions.hpp"

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process_stat.hpp"
#include "support/child_process.hpp"

namespace gangway::health {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr Evictions::Time start{};

pool::Subject subject(const ChildProcess& child) {
    return {child.pid(), "gupid-" + std::to_string(child.pid()), "shop"};
}

bool attach_and_add(Evictions& evictions, const ChildProcess& child, Evictions::Time kill_at) {
    evictions.attach(subject(child));
    return evictions.add(subject(child), kill_at);
}

TEST(Evictions, KillAProcessWhenItsTimeHasCome) {
    ChildProcess child;
    Evictions evictions;
    ASSERT_TRUE(attach_and_add(evictions, child, start + 30s));
    EXPECT_FALSE(evictions.empty());
    EXPECT_THAT(evictions.kill_due(start), IsEmpty());
    EXPECT_THAT(evictions.kill_due(start + 30s - 1ns), IsEmpty());
    EXPECT_TRUE(child.is_running());
    const std::vector<pool::Subject> killed = evictions.kill_due(start + 30s);
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
    ASSERT_TRUE(attach_and_add(evictions, child, start + 30s));
    child.end();
    EXPECT_THAT(evictions.kill_due(start), IsEmpty());
    EXPECT_TRUE(evictions.empty()) << "it is waited for though it has ended";
}

TEST(Evictions, SayOfNoneThatHasEndedThatItWasKilled) {
    ChildProcess child;
    Evictions evictions;
    ASSERT_TRUE(attach_and_add(evictions, child, start + 30s));
    child.end();
    EXPECT_THAT(evictions.kill_due(start + 30s), IsEmpty());
    EXPECT_TRUE(evictions.empty());
}

TEST(Evictions, SignalNobodyWhoWasForgotten) {
    ChildProcess kept;
    ChildProcess forgotten;
    Evictions evictions;
    ASSERT_TRUE(attach_and_add(evictions, kept, start));
    ASSERT_TRUE(attach_and_add(evictions, forgotten, start));
    evictions.forget_last();
    const std::vector<pool::Subject> killed = evictions.kill_due(start);
    ASSERT_EQ(killed.size(), 1U);
    EXPECT_EQ(killed.front().pid, kept.pid());
    EXPECT_EQ(kept.wait_for_signal(), SIGKILL);
    EXPECT_TRUE(forgotten.is_running());
}

TEST(Evictions, TakeEachInItsOwnTime) {
    ChildProcess late;
    ChildProcess early;
    Evictions evictions;
    ASSERT_TRUE(attach_and_add(evictions, late, start + 60s));
    ASSERT_TRUE(attach_and_add(evictions, early, start + 30s));
    ASSERT_EQ(evictions.kill_due(start + 30s).size(), 1U);
    EXPECT_EQ(early.wait_for_signal(), SIGKILL);
    EXPECT_TRUE(late.is_running());
    EXPECT_FALSE(evictions.empty());
    EXPECT_EQ(evictions.kill_due(start + 60s).size(), 1U);
    EXPECT_EQ(late.wait_for_signal(), SIGKILL);
}

TEST(Evictions, TakeNoProcessThatIsNotThere) {
    ChildProcess child;
    const pool::Subject gone = subject(child);
    Evictions evictions;
    evictions.attach(gone);
    child.end();
    child.reap();
    EXPECT_FALSE(evictions.add(gone, start));
    EXPECT_TRUE(evictions.empty());
    for (const pool::Subject& nobody :
         {pool::Subject{0, "zero", "shop"}, pool::Subject{-1, "negative", "shop"}, gone}) {
        evictions.attach(nobody);
        EXPECT_FALSE(evictions.add(nobody, start)) << nobody.pid;
    }
}

TEST(Evictions, TakeNoProcessThatHasThePidOfAnother) {
    const ChildProcess child;
    const auto started = [](const ChildProcess& who) {
        return read_process_stat(who.pid())->start_time;
    };
    auto later = std::make_unique<ChildProcess>();
    while (started(*later) == started(child)) { // The kernel counts in hundredths of a second.
        later = std::make_unique<ChildProcess>();
    }
    Evictions evictions;
    evictions.attach(subject(child));
    const pool::Subject pid_in_use_again{later->pid(), subject(child).gupid, "shop"};
    EXPECT_FALSE(evictions.add(pid_in_use_again, start));
    EXPECT_TRUE(evictions.empty());
    EXPECT_TRUE(evictions.add(subject(child), start));
}

TEST(Evictions, TakeNoProcessThatIsNotAttached) {
    const ChildProcess child;
    Evictions evictions;
    EXPECT_FALSE(evictions.add(subject(child), start));
    evictions.attach(subject(child));
    evictions.detach(subject(child));
    EXPECT_FALSE(evictions.add(subject(child), start));
    EXPECT_TRUE(evictions.empty());
}

TEST(Evictions, KillNobodyWhenTheyEndThemselves) {
    ChildProcess child;
    {
        Evictions evictions;
        ASSERT_TRUE(attach_and_add(evictions, child, start));
    }
    EXPECT_TRUE(child.is_running());
}

} // namespace
} // namespace gangway::health
