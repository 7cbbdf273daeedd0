// The example module (examples/process_log), held to the contract as gangway.so is.
#include "host/behaviours.h"
#include "host/test_host.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace gangway::test {

namespace {

class ProcessLogTest : public ::testing::Test {
  protected:
    ProcessLogTest() : host_("", "{}", module()) { process_ = host_.add_process(group_, 101); }

    static const gangway_module& module() {
        static const gangway_module& module = TestHost::load(PROCESS_LOG_PATH);
        return module;
    }

    // As often as each second the module looks; so much later it has.
    ::testing::AssertionResult says(const std::string& line) const {
        const auto is_there = [&] {
            const auto log = host_.log();
            return std::any_of(log.begin(), log.end(),
                               [&](const LogLine& entry) { return entry.text == line; });
        };
        return eventually(is_there) ? ::testing::AssertionSuccess()
                                    : ::testing::AssertionFailure() << "not in the log: " << line;
    }

    TestHost host_;
    Group& group_ = host_.add_group("/srv/shop (production)");
    std::shared_ptr<Process> process_;
};

TEST_F(ProcessLogTest, TellsOfProcessesThatComeAndGo) {
    ASSERT_EQ(host_.start({}), "");
    EXPECT_TRUE(says("process 101 has come: /srv/shop (production)"));
    host_.locked([&](Pool&) { host_.add_process(group_, 102); });
    EXPECT_TRUE(says("process 102 has come: /srv/shop (production)"));
    host_.remove(process_);
    EXPECT_TRUE(says("process 101 has gone: /srv/shop (production)"));
    host_.begin_drain();
    host_.stop(); // looks for threads, descriptors, references
    EXPECT_EQ(host_.log().size(), 3U);
}

TEST_F(ProcessLogTest, StopsAndStartsAgain) {
    for (int round = 0; round < 20; ++round) {
        ASSERT_EQ(host_.start({}), "");
        host_.stop();
    }
}

TEST_F(ProcessLogTest, LooksAgainWithMoreSpaceAndAfterAFailure) {
    host_.inject(
        {.snapshots_without_space = 2, .snapshot_fails = false, .session_open_fails = false});
    ASSERT_EQ(host_.start({}), "");
    EXPECT_TRUE(says("process 101 has come: /srv/shop (production)"));
    host_.inject(
        {.snapshots_without_space = 0, .snapshot_fails = true, .session_open_fails = false});
    const std::size_t calls = host_.calls("snapshot");
    ASSERT_TRUE(eventually([&] { return host_.calls("snapshot") > calls; }));
    host_.inject({});
    host_.remove(process_);
    EXPECT_TRUE(says("process 101 has gone: /srv/shop (production)"));
}

} // namespace

} // namespace gangway::test
