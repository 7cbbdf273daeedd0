#include "visits/route.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::visits {
namespace {

TEST(Route, LeavesOutWhatDiffersFromVisitToVisit) {
    const std::vector<std::pair<std::string, std::string>> routes{
        {"/", "/"},
        {"/orders", "/orders"},
        {"/orders/17", "/orders/:n"},
        {"/orders/17/items/0", "/orders/:n/items/:n"},
        {"/orders/", "/orders/"},
        {"//x", "//x"},
        {"/o/f47ac10b-58cc-4372-a567-0e02b2c3d479", "/o/:id"},
        {"/o/9f86d081884c7d659a2feaa0c55ad015/x", "/o/:id/x"},
        {"/t/eyJhbGciOiJIUzI1NiJ9", "/t/eyJhbGciOiJIUzI1NiJ9"},
        {"/a-product-with-a-rather-long-name", "/a-product-with-a-rather-long-name"},
        {"/report-2026.pdf", "/report-2026.pdf"},
        {"/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/..."},
        {"/a/b/c/d/e/f/g/h", "/a/b/c/d/e/f/g/h"},
        {"/" + std::string(49, 'x'), "/" + std::string(48, 'x') + "..."},
        {"*", "*"},
        {"", ""},
        {"http://shop.test/17", "http://shop.test/17"},
    };
    for (const auto& [path, route] : routes) {
        EXPECT_EQ(RouteRule().route_of(path), route) << path;
    }
    EXPECT_LT(RouteRule().route_of("/" + std::string(60'000, 'x')).size(), 60U);
    EXPECT_LT(RouteRule().route_of(std::string(60'000, '/')).size(), 20U);
}

TEST(Route, IsTheFirstPatternThatFits) {
    const RouteRule rule({"/shop/new", "/shop/:name", "/assets/*", "/a/:x/b/:y"});
    const std::vector<std::pair<std::string, std::string>> routes{
        {"/shop/new", "/shop/new"},
        {"/shop/blue-shirt", "/shop/:name"},
        {"/shop/", "/shop/"},
        {"/shop/a/b", "/shop/a/b"},
        {"/assets/a/b/c.js", "/assets/*"},
        {"/assets/", "/assets/*"},
        {"/assets", "/assets"},
        {"/a/1/b/2", "/a/:x/b/:y"},
        {"/a/1/c/2", "/a/:n/c/:n"},
        {"/", "/"},
    };
    for (const auto& [path, route] : routes) {
        EXPECT_EQ(rule.route_of(path), route) << path;
    }
}

TEST(Route, HasPatternsThatCanFit) {
    for (const char* pattern : {"/", "/a", "/:a", "/a/*", "/*", "/a/:b/c", "/:n*"}) {
        EXPECT_EQ(fault_of_pattern(pattern), "") << pattern;
    }
    for (const char* pattern : {"", "a", ":a", "*", "/:", "/*/a", "/a/:/b"}) {
        EXPECT_NE(fault_of_pattern(pattern), "") << pattern;
    }
    EXPECT_NE(fault_of_pattern("/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"), "");
    EXPECT_NE(fault_of_pattern("/" + std::string(256, 'x')), "");
    EXPECT_EQ(fault_of_pattern("/" + std::string(255, 'x')), "");
}

} // namespace
} // namespace gangway::visits
