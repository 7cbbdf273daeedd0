#include "base/guard.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace gangway {
namespace {

TEST(Guard, UndoesOnceAtItsEnd) {
    int undone = 0;
    {
        const Guard guard([&] { undone++; });
        EXPECT_EQ(undone, 0);
    }
    EXPECT_EQ(undone, 1);
}

TEST(Guard, UndoesWhenAnExceptionLeaves) {
    bool undone = false;
    const auto fail = [&] {
        const Guard guard([&] { undone = true; });
        throw std::runtime_error("out of memory, say");
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_TRUE(undone);
}

} // namespace
} // namespace gangway
