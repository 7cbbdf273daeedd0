// How the host lays out a snapshot in the caller's buffer.
#include "agent_hooks/Arena.h"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>

namespace gangway {
namespace {

using Gangway::Arena;

bool is_aligned_for_anything(const void* place) {
    return reinterpret_cast<std::uintptr_t>(place) % alignof(std::max_align_t) == 0;
}

class ArenaTest : public ::testing::Test {
  protected:
    alignas(std::max_align_t) std::array<char, 4096> buffer_{};
};

TEST_F(ArenaTest, EveryArrayIsAlignedForAnythingWhateverStandsBeforeIt) {
    Arena arena(buffer_.data(), buffer_.size());
    for (std::size_t length = 0; length < 40; length++) {
        arena.store("0123456789012345678901234567890123456789", length);
        const auto* row = arena.allocate<char>(1);
        ASSERT_NE(row, nullptr);
        EXPECT_TRUE(is_aligned_for_anything(row)) << "after a text of " << length << " bytes";
    }
}

TEST_F(ArenaTest, CountsOnWhereTheBufferIsFullSoThatAnotherOfThatSizeIsEnough) {
    const auto fill = [](Arena& arena) {
        const gangway_str first = arena.store("abc", 3);
        auto* rows = arena.allocate<std::uint64_t>(3);
        const gangway_str last = arena.store("defgh", 5);
        return first.data != nullptr && rows != nullptr && last.data != nullptr;
    };
    Arena none(nullptr, 0);
    EXPECT_FALSE(fill(none));
    EXPECT_TRUE(none.overflown());

    Arena enough(buffer_.data(), none.size());
    EXPECT_TRUE(fill(enough));
    EXPECT_FALSE(enough.overflown());
    EXPECT_EQ(enough.size(), none.size());

    Arena short_by_one(buffer_.data(), none.size() - 1);
    EXPECT_FALSE(fill(short_by_one));
    EXPECT_TRUE(short_by_one.overflown());
    EXPECT_EQ(short_by_one.size(), none.size());
}

} // namespace
} // namespace gangway
