#include "text/nearest.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace gangway {
namespace {

constexpr std::array<std::string_view, 4> words{"group", "state", "fields", "secrets"};

TEST(Nearest, IsTheWordThatWasMeant) {
    EXPECT_EQ(nearest("grup", words), "group");
    EXPECT_EQ(nearest("groups", words), "group");
    EXPECT_EQ(nearest("stat", words), "state");
    EXPECT_EQ(nearest("secret", words), "secrets");
    EXPECT_EQ(nearest("feilds", words), "fields");
    EXPECT_EQ(nearest("state", words), "state");
}

TEST(Nearest, IsNothingWhereNoneIsNear) {
    for (const char* written : {"", "x", "password", "go", "stuff"}) {
        EXPECT_EQ(nearest(written, words), "") << written;
    }
    EXPECT_EQ(nearest("group", {}), "");
}

TEST(Nearest, TakesTheFirstOfTwoThatAreAsNear) {
    constexpr std::array<std::string_view, 2> two{"cart", "card"};
    EXPECT_EQ(nearest("car", two), "cart");
}

TEST(Nearest, LooksAtNoTextThatIsLong) {
    const std::string word(64, 'a');
    const std::array<std::string_view, 1> one{word};
    EXPECT_EQ(nearest(word, one), word);
    EXPECT_EQ(nearest(word + "a", one), "");
    const std::string longer = word + "a";
    const std::array<std::string_view, 1> too_long{longer};
    EXPECT_EQ(nearest(word, too_long), "");
}

} // namespace
} // namespace gangway
