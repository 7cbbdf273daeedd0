#include "base/subordinate_ids.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace gangway {
namespace {

using namespace std::chrono_literals;

class SubordinateIdsTest : public testing::Test {
  protected:
    void write(const std::string& text, std::chrono::seconds age) {
        std::ofstream(file_) << text;
        std::filesystem::last_write_time(file_,
                                         std::filesystem::file_time_type::clock::now() - age);
    }

    TemporaryDirectory directory_;
    const std::string file_ = (directory_.path() / "subuid").string();
    SubordinateIds::Clock::time_point now_ = SubordinateIds::Clock::time_point() + 1h;
};

TEST_F(SubordinateIdsTest, ThoseOfARangeCountForItsFirst) {
    write("alice:100000:65536\nbob:165536:2\n", 10s);
    SubordinateIds ids(file_);
    EXPECT_EQ(ids.owner_of(1000, now_), 1000U);
    EXPECT_EQ(ids.owner_of(99'999, now_), 99'999U);
    EXPECT_EQ(ids.owner_of(100'000, now_), 100'000U);
    EXPECT_EQ(ids.owner_of(165'535, now_), 100'000U);
    EXPECT_EQ(ids.owner_of(165'537, now_), 165'536U);
    EXPECT_EQ(ids.owner_of(165'538, now_), 165'538U);
}

TEST_F(SubordinateIdsTest, LinesThatSayNothingArePassedOver) {
    write("\n:\n::\n#alice:1:2\nalice\nalice:5\nalice:x:3\nalice:7:\nalice:8:1x\n"
          "alice:-4:9\nalice:99999999999:2\nalice:4294967295:4294967295\nbob:20:3",
          10s);
    SubordinateIds ids(file_);
    for (const uid_t uid : {0U, 5U, 7U, 8U, 9U, 23U}) {
        EXPECT_EQ(ids.owner_of(uid, now_), uid);
    }
    EXPECT_EQ(ids.owner_of(22, now_), 20U);
}

TEST_F(SubordinateIdsTest, AreThoseOfNowAfterASecond) {
    SubordinateIds ids(file_);
    EXPECT_EQ(ids.owner_of(100'001, now_), 100'001U) << "there is no file";
    write("alice:100000:65536\n", 10s);
    EXPECT_EQ(ids.owner_of(100'001, now_ + 999ms), 100'001U);
    EXPECT_EQ(ids.owner_of(100'001, now_ + 1s), 100'000U);
    write("alice:100001:65536\n", 5s);
    EXPECT_EQ(ids.owner_of(100'002, now_ + 2s), 100'001U);
    std::filesystem::remove(file_);
    EXPECT_EQ(ids.owner_of(100'002, now_ + 3s), 100'002U);
}

} // namespace
} // namespace gangway
