#include "text/duration.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace gangway {
namespace {

using namespace std::chrono_literals;

TEST(Milliseconds, HaveThreeDigitsAfterThePoint) {
    EXPECT_EQ(print_milliseconds(0ns), "0.000");
    EXPECT_EQ(print_milliseconds(1us), "0.001");
    EXPECT_EQ(print_milliseconds(12'345us), "12.345");
    EXPECT_EQ(print_milliseconds(24h), "86400000.000");
}

TEST(Milliseconds, AreCutAndNeverNegative) {
    EXPECT_EQ(print_milliseconds(1'999ns), "0.001");
    EXPECT_EQ(print_milliseconds(-5ms), "0.000");
}

TEST(Milliseconds, AreAppended) {
    std::string text = "dur=";
    append_milliseconds(text, 1500us);
    EXPECT_EQ(text, "dur=1.500");
}

TEST(Seconds, HaveSixDigitsAfterThePoint) {
    EXPECT_EQ(print_seconds(0s), "0.000000");
    EXPECT_EQ(print_seconds(12'345us), "0.012345");
    EXPECT_EQ(print_seconds(10s), "10.000000");
    EXPECT_EQ(print_seconds(-1s), "0.000000");
}

TEST(ShortSeconds, HaveNoZerosAtTheirEnd) {
    EXPECT_EQ(short_seconds(0s), "0 s");
    EXPECT_EQ(short_seconds(2s), "2 s");
    EXPECT_EQ(short_seconds(500ms), "0.5 s");
    EXPECT_EQ(short_seconds(1'050ms), "1.05 s");
    EXPECT_EQ(short_seconds(100s), "100 s");
    EXPECT_EQ(short_seconds(1ms), "0.001 s");
}

TEST(Age, IsWrittenAsPeopleDo) {
    EXPECT_EQ(print_age(-1s), "0.0s");
    EXPECT_EQ(print_age(349ms), "0.3s");
    EXPECT_EQ(print_age(9'999ms), "9.9s");
    EXPECT_EQ(print_age(10s), "10s");
    EXPECT_EQ(print_age(59'999ms), "59s");
    EXPECT_EQ(print_age(19min + 11s), "19m11s");
    EXPECT_EQ(print_age(3h + 12min + 59s), "3h12m");
    EXPECT_EQ(print_age(24h), "1d0h");
    EXPECT_EQ(print_age(53h), "2d5h");
}

TEST(WholeSeconds, AreRoundedUpAndCounted) {
    EXPECT_EQ(whole_seconds(0s), "0 seconds");
    EXPECT_EQ(whole_seconds(1s), "1 second");
    EXPECT_EQ(whole_seconds(1ms), "1 second");
    EXPECT_EQ(whole_seconds(4'001ms), "5 seconds");
    EXPECT_EQ(whole_seconds(-3s), "0 seconds");
}

} // namespace
} // namespace gangway
