#include "admin/refusal_lines.hpp"

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RefusalLines::Time start{seconds(1000)};

// How many of that many refusals at once get a line.
unsigned admitted(RefusalLines& lines, std::optional<uid_t> uid, unsigned count,
                  RefusalLines::Time now) {
    unsigned result = 0;
    for (unsigned i = 0; i < count; i++) {
        result += lines.admits(uid, now) ? 1U : 0U;
    }
    return result;
}

TEST(RefusalLines, AreTwentyAtOnceAndThenOneASecond) {
    RefusalLines lines;
    EXPECT_EQ(admitted(lines, 5, 10'000, start), 20U);
    EXPECT_EQ(admitted(lines, 5, 10'000, start + milliseconds(999)), 0U);
    EXPECT_EQ(admitted(lines, 5, 10'000, start + milliseconds(1000)), 1U);
    EXPECT_EQ(admitted(lines, 5, 10'000, start + milliseconds(4000)), 3U);
    EXPECT_EQ(admitted(lines, 5, 10'000, start + seconds(10'000)), 20U);
}

TEST(RefusalLines, OfOneUserTakeNoneFromAnother) {
    RefusalLines lines;
    EXPECT_EQ(admitted(lines, 5, 100, start), 20U);
    EXPECT_EQ(admitted(lines, 6, 100, start), 20U);
    EXPECT_EQ(admitted(lines, std::nullopt, 100, start), 20U);
}

TEST(RefusalLines, ThatWereLeftOutAreToldOnceAfterTenSeconds) {
    RefusalLines lines;
    EXPECT_FALSE(lines.take_due(start).has_value());
    admitted(lines, 5, 120, start);
    admitted(lines, 6, 21, start + seconds(5));
    EXPECT_FALSE(lines.take_due(start + milliseconds(9999)).has_value());
    const auto first = lines.take_due(start + seconds(10));
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->uid, 5U);
    EXPECT_EQ(first->lines, 100U);
    EXPECT_FALSE(lines.take_due(start + seconds(10)).has_value());
    const auto second = lines.take_due(start + seconds(15));
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->uid, 6U);
    EXPECT_EQ(second->lines, 1U);
    EXPECT_FALSE(lines.take_due(start + seconds(1000)).has_value());
}

TEST(RefusalLines, ThatAreDueTogetherAreToldOneAfterTheOther) {
    RefusalLines lines;
    admitted(lines, 5, 21, start);
    admitted(lines, 6, 22, start);
    EXPECT_TRUE(lines.take_due(start + seconds(10)).has_value());
    EXPECT_TRUE(lines.take_due(start + seconds(10)).has_value());
    EXPECT_FALSE(lines.take_due(start + seconds(10)).has_value());
}

TEST(RefusalLines, TellApartABoundedNumberOfUsers) {
    RefusalLines lines;
    unsigned all = 0;
    constexpr uid_t users = 10'000;
    for (uid_t uid = 0; uid < users; uid++) {
        all += admitted(lines, uid, 30, start);
    }
    EXPECT_EQ(all, (RefusalLines::most_users + 1) * RefusalLines::burst);
    // Once what they did is forgotten, others have a place.
    const auto later = start + seconds(100);
    while (lines.take_due(later)) {
    }
    EXPECT_EQ(admitted(lines, users + 1, 30, later), 20U);
    EXPECT_EQ(admitted(lines, users + 2, 30, later), 20U);
}

} // namespace
} // namespace gangway::admin
