#include "base/process_stat.hpp"

#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child_process.hpp"

namespace gangway {
namespace {

TEST(ProcessStat, TellsARunningProcessFromOneThatHasEnded) {
    ChildProcess child;
    const auto running = read_process_stat(child.pid());
    ASSERT_TRUE(running);
    EXPECT_FALSE(running->has_ended());
    child.end();
    const auto ended = read_process_stat(child.pid());
    ASSERT_TRUE(ended) << "It is not reaped yet.";
    EXPECT_EQ(ended->state, 'Z');
    EXPECT_TRUE(ended->has_ended());
    EXPECT_EQ(ended->start_time, running->start_time);
    child.reap();
    EXPECT_FALSE(read_process_stat(child.pid()));
}

TEST(ProcessStat, KnowsNobodyOfNoPid) {
    for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40U}) {
        EXPECT_FALSE(read_process_stat(pid)) << pid;
    }
}

TEST(ProcessStat, TellsWhenAProcessWasStarted) {
    const auto own = read_process_stat(::getpid());
    const ChildProcess child;
    const auto later = read_process_stat(child.pid());
    ASSERT_TRUE(own && later);
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const std::uint64_t now_ticks = static_cast<std::uint64_t>(now.tv_sec + 1) * ticks;
    EXPECT_GT(own->start_time, 0U);
    EXPECT_LE(own->start_time, later->start_time);
    EXPECT_LE(later->start_time, now_ticks);
    EXPECT_GE(later->start_time + 60 * ticks, now_ticks) << "It has just been started.";
}

TEST(ProcessStat, TellsOfAProcessThatASignalHasStopped) {
    ChildProcess child;
    const std::string_view before = os_state_word(child.pid());
    EXPECT_TRUE(before == "running" || before == "sleeping") << before;
    ASSERT_EQ(::kill(child.pid(), SIGSTOP), 0);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED), 0);
    EXPECT_EQ(os_state_word(child.pid()), "stopped");
    EXPECT_TRUE(read_process_stat(child.pid())->is_stopped());
    ::kill(child.pid(), SIGCONT);
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WCONTINUED), 0);
    EXPECT_FALSE(read_process_stat(child.pid())->is_stopped());
    child.end();
    EXPECT_EQ(os_state_word(child.pid()), "zombie");
    child.reap();
    EXPECT_EQ(os_state_word(child.pid()), "gone");
}

TEST(ProcessStat, IsNotConfusedByAName) {
    const auto before = read_process_stat(::getpid());
    std::string old(16, '\0');
    ::prctl(PR_GET_NAME, old.data());
    ::prctl(PR_SET_NAME, ") Z 1\n2) 3");
    const auto stat = read_process_stat(::getpid());
    ::prctl(PR_SET_NAME, old.data());
    ASSERT_TRUE(stat);
    EXPECT_FALSE(stat->has_ended());
    EXPECT_EQ(stat->start_time, before->start_time);
}

} // namespace
} // namespace gangway
