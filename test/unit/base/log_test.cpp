#include "base/log.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gangway {
namespace {

class LogTest : public testing::Test {
  protected:
    LogTest() {
        host_.context = &lines_;
        host_.log = [](void* context, gangway_log_level, gangway_str line) {
            static_cast<std::vector<std::string>*>(context)->emplace_back(line.data, line.size);
        };
    }

    std::vector<std::string> lines_;
    gangway_host host_{};
    Log log_{host_};
};

TEST_F(LogTest, ShowsWhateverALineIsMadeOf) {
    log_.warn("group caf\xe9\n\x1b[2J of \xe2\x80\xae"
              "caf\xc3\xa9");
    log_.exception("lost", std::runtime_error("a\nb\xc2\x9b"));
    EXPECT_EQ(lines_, (std::vector<std::string>{"group caf\\xE9\\x0A\\x1B[2J of \\xE2\\x80\\xAE"
                                                "caf\xc3\xa9",
                                                "lost: a\\x0Ab\\xC2\\x9B"}));
}

TEST_F(LogTest, KeepsALineWithinEightKibibytes) {
    log_.error(std::string(100'000, '\xff'));
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_LE(lines_[0].size(), 8192U);
    EXPECT_GE(lines_[0].size(), 8000U);
    EXPECT_TRUE(lines_[0].ends_with(" bytes more]")) << lines_[0].substr(8000);
}

TEST_F(LogTest, LeavesALineThatIsPrintableAlone) {
    log_.printable_notice("path=a\\\\b");
    EXPECT_EQ(lines_, (std::vector<std::string>{"path=a\\\\b"}));
}

} // namespace
} // namespace gangway
