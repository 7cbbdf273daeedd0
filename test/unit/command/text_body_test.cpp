#include "gangway/client/text_body.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace gangway::command {
namespace {

TEST(TextBody, IsReadInPiecesAndAgain) {
    TextBody body("twelve bytes");
    EXPECT_EQ(body.size(), 12U);
    EXPECT_LT(body.wait_descriptor(), 0);
    for (int time = 0; time < 2; ++time) {
        std::array<char, 8> space{};
        const RequestBody::Piece first = body.read(space);
        EXPECT_EQ(std::string_view(space.data(), first.bytes), "twelve b");
        EXPECT_FALSE(first.end);
        const RequestBody::Piece last = body.read(space);
        EXPECT_EQ(std::string_view(space.data(), last.bytes), "ytes");
        EXPECT_TRUE(last.end);
        ASSERT_TRUE(body.can_rewind());
        body.rewind();
    }
}

TEST(TextBody, EndsAtOnceWhereItIsEmpty) {
    TextBody body("");
    std::array<char, 8> space{};
    const RequestBody::Piece only = body.read(space);
    EXPECT_EQ(only.bytes, 0U);
    EXPECT_TRUE(only.end);
}

} // namespace
} // namespace gangway::command
