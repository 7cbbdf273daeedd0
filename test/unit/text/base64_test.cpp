#include "text/base64.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway {
namespace {

struct Pair {
    const char* bytes;
    const char* text;
};

class Base64 : public ::testing::TestWithParam<Pair> {};

TEST_P(Base64, IsThatOfTheStandard) {
    EXPECT_EQ(encode_base64(GetParam().bytes), GetParam().text);
    EXPECT_EQ(decode_base64(GetParam().text), GetParam().bytes);
}

TEST_P(Base64, MayComeWithoutPadding) {
    std::string text = GetParam().text;
    text.erase(std::min(text.find('='), text.size()));
    EXPECT_EQ(decode_base64(text), GetParam().bytes);
}

// RFC 4648, 10.
INSTANTIATE_TEST_SUITE_P(Standard, Base64,
                         ::testing::Values(Pair{"", ""}, Pair{"f", "Zg=="}, Pair{"fo", "Zm8="},
                                           Pair{"foo", "Zm9v"}, Pair{"foob", "Zm9vYg=="},
                                           Pair{"fooba", "Zm9vYmE="}, Pair{"foobar", "Zm9vYmFy"}));

TEST(Base64Text, OfEveryLengthComesBack) {
    std::string bytes;
    for (unsigned size = 0; size <= 300; size++) {
        ASSERT_EQ(decode_base64(encode_base64(bytes)), bytes) << size;
        bytes += static_cast<char>(255 - size % 256);
    }
}

// A last group of three digits is where a decoder that sizes its buffer by whole groups writes past
// it.
TEST(Base64Text, OfEveryLengthWithoutPaddingHasThreeBytesForFourDigits) {
    std::string text;
    for (unsigned size = 0; size <= 300; size++) {
        const auto bytes = decode_base64(text);
        if (size % 4 == 1) {
            EXPECT_EQ(bytes, std::nullopt) << size;
        } else {
            ASSERT_TRUE(bytes.has_value()) << size;
            EXPECT_EQ(bytes->size(), size * 3 / 4);
        }
        text += 'A';
    }
}

TEST(Base64Text, TakesNoOtherByte) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int byte = 0; byte < 256; byte++) {
        const std::string text{'A', 'A', 'A', static_cast<char>(byte)};
        const bool is_one =
            digits.find(static_cast<char>(byte)) != std::string::npos || byte == '=';
        EXPECT_EQ(decode_base64(text).has_value(), is_one) << byte;
    }
}

class NoBase64 : public ::testing::TestWithParam<const char*> {};

TEST_P(NoBase64, IsRefused) {
    EXPECT_EQ(decode_base64(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Padding, NoBase64,
                         ::testing::Values("=", "====", "Zg=", "Zg===", "Zm8==", "Zm9v=",
                                           "Zm9v====", "Zg==Zg==", "Zg=a", "Z==="));
INSTANTIATE_TEST_SUITE_P(BitsLeftOver, NoBase64, ::testing::Values("Zh==", "Zm9=", "Zh", "Zm9"));

} // namespace
} // namespace gangway
