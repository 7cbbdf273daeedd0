#include "base/shares.hpp"

#include <gtest/gtest.h>

namespace gangway {
namespace {

TEST(Shares, BoundWhatAnOwnerHoldsOverAllItsShares) {
    Shares shares(10);
    Shares::Share first(shares, Owner(1));
    Shares::Share second(shares, Owner(1));
    EXPECT_TRUE(first.grow(6));
    EXPECT_FALSE(second.grow(5));
    EXPECT_TRUE(second.grow(4));
    EXPECT_FALSE(first.grow(1));
    EXPECT_FALSE(first.grow(~std::uint64_t{0}));
    EXPECT_TRUE(first.grow(0));
}

TEST(Shares, OfOneOwnerAreNotThoseOfAnother) {
    Shares shares(1);
    Shares::Share one(shares, Owner(1));
    Shares::Share other(shares, Owner(2));
    Shares::Share unknown(shares, std::nullopt);
    EXPECT_TRUE(one.grow(1));
    EXPECT_TRUE(other.grow(1));
    EXPECT_TRUE(unknown.grow(1));
    Shares::Share as_unknown(shares, std::nullopt);
    EXPECT_FALSE(as_unknown.grow(1));
}

TEST(Shares, AreGivenBackAndForgotten) {
    Shares shares(3);
    {
        Shares::Share first(shares, Owner(1));
        Shares::Share second(shares, Owner(1));
        EXPECT_TRUE(first.grow(3));
        first.give_back();
        EXPECT_TRUE(second.grow(3));
        EXPECT_FALSE(first.grow(1));
        EXPECT_EQ(shares.owners(), 1U);
    }
    EXPECT_EQ(shares.owners(), 0U);
    Shares::Share again(shares, Owner(1));
    EXPECT_TRUE(again.grow(3));
}

} // namespace
} // namespace gangway
