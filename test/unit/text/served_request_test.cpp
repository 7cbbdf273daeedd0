#include "text/served_request.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gangway {
namespace {

TEST(ServedRequest, IsDescribedInAFewWords) {
    const std::vector<ServedRequest> requests{
        {"GET", "/hang", "203.0.113.9", 1}, {"POST", "/b", "", 2}, {"GET", "/own", "", 3, true}};
    const std::span all(requests);
    EXPECT_EQ(describe({}, 3), "");
    EXPECT_EQ(describe(all.first(1), 1), "GET /hang from 203.0.113.9");
    EXPECT_EQ(describe(all.subspan(1, 1), 1), "POST /b");
    EXPECT_EQ(describe(all.last(1), 1), "GET /own through Gangway");
    EXPECT_EQ(describe(all, 7), "7 requests, the oldest GET /hang from 203.0.113.9");
}

TEST(ServedRequest, IsMadePrintableAndShort) {
    const std::vector<ServedRequest> requests{
        {"GET", "/\x1b[2J\xff" + std::string(3000, 'x'), "::1", 1}};
    const std::string text = describe(requests, 1);
    EXPECT_TRUE(text.starts_with(R"(GET /\x1B[2J\xFFxxx)")) << text;
    EXPECT_LT(text.size(), 300U);
    EXPECT_TRUE(text.ends_with(" from ::1")) << text;
}

} // namespace
} // namespace gangway
