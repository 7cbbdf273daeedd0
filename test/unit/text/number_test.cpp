#include "text/number.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace gangway {
namespace {

TEST(Number, IsTheWholeText) {
    EXPECT_EQ(parse_number<std::uint16_t>("0"), 0);
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(parse_number<std::int32_t>("-7"), -7);
    EXPECT_EQ(parse_number<unsigned>("0777", 8), 0777U);
    for (const char* text : {"", " 1", "1 ", "80x", "+1", "0x10", "1.0", "-", "65536", "-1"}) {
        EXPECT_EQ(parse_number<std::uint16_t>(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_number<unsigned>("8", 8), std::nullopt);
}

TEST(Decimal, IsTheWholeTextAndFinite) {
    EXPECT_EQ(parse_decimal("2.5"), 2.5);
    EXPECT_EQ(parse_decimal("3600"), 3600.0);
    EXPECT_EQ(parse_decimal("-1"), -1.0);
    EXPECT_EQ(parse_decimal("1e2", std::chars_format::general), 100.0);
    EXPECT_EQ(parse_decimal("1e999", std::chars_format::general), std::nullopt);
    for (const char* text : {"", " 1", "1 ", "1s", "1e3", "inf", "nan", "-inf", "1.5.2", "0x1"}) {
        EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
    }
}

} // namespace
} // namespace gangway
