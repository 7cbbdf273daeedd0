#include "message/name_order.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::message {
namespace {

TEST(CompareNames, KnowsLettersInAnyCase) {
    EXPECT_EQ(compare_names("", ""), 0);
    EXPECT_EQ(compare_names("X-Foo", "x-fOO"), 0);
    EXPECT_LT(compare_names("b", "aa"), 0);
    EXPECT_GT(compare_names("aa", "b"), 0);
    EXPECT_LT(compare_names("aB", "Ac"), 0);
    EXPECT_NE(compare_names("[", "{"), 0);
    EXPECT_LT(compare_names("a", "\xff"), 0); // Bytes, whatever the sign of char.
    EXPECT_GT(compare_names("\xff", "a"), 0);
}

TEST(NameSet, FindsWhatWasAddedInAnyCase) {
    NameSet set;
    for (const char* name : {"X-B", "x-a", "X-B", "Longer-Name"}) {
        set.add(name);
    }
    set.close();
    EXPECT_TRUE(set.contains("x-b"));
    EXPECT_TRUE(set.contains("X-A"));
    EXPECT_TRUE(set.contains("LONGER-NAME"));
    EXPECT_FALSE(set.contains("X-C"));
    EXPECT_FALSE(set.contains(""));
}

TEST(OrderByName, PutsLikeBesideLikeInTheOrderInWhichTheyCame) {
    const std::vector<std::string> names{"B", "a", "b", "A", "cc", "B"};
    const auto order = order_by_name(names.size(), [&](std::size_t i) { return names[i]; });
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 3, 0, 2, 5, 4}));
}

// How often a name is looked at: what a client's header costs is that times the names' length.
std::size_t looks(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; i++) {
        names.push_back(std::string(200, 'a') + std::to_string(1000 + (i * 7919) % count));
    }
    std::size_t result = 0;
    order_by_name(count, [&](std::size_t i) {
        result++;
        return std::string_view(names[i]);
    });
    return result;
}

TEST(OrderByName, LooksAtTwiceAsManyNamesAboutTwiceAsOften) {
    EXPECT_LT(looks(256), 256 * 40U); // Each with each: 65,536.
    EXPECT_LT(looks(256), looks(128) * 5 / 2);
}

} // namespace
} // namespace gangway::message
