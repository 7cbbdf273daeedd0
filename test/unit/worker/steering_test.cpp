#include "worker/steering.hpp"

#include <string>
#include <string_view>
#include <tuple>

#include <gtest/gtest.h>

#include "support/message_parts.hpp"

namespace gangway::worker {
namespace {

using message::fields_of;
using std::chrono::hours;
using std::chrono::milliseconds;

const Bounds defaults{milliseconds(1), milliseconds(2), milliseconds(3),
                      milliseconds(4), milliseconds(5), std::nullopt};

Steering steering(std::initializer_list<message::Field> lines, const Bounds& bounds = defaults) {
    const auto parsed = parse_steering(fields_of(lines), bounds);
    if (!parsed) {
        ADD_FAILURE() << parsed.error().detail;
        return {check::Route::automatic, bounds};
    }
    return *parsed;
}

void expect_bounds(const Bounds& bounds, const Bounds& expected) {
    EXPECT_EQ(bounds.wait, expected.wait);
    EXPECT_EQ(bounds.connect, expected.connect);
    EXPECT_EQ(bounds.first_byte, expected.first_byte);
    EXPECT_EQ(bounds.idle, expected.idle);
    EXPECT_EQ(bounds.tunnel, expected.tunnel);
    EXPECT_EQ(bounds.total, expected.total);
}

Bounds but(milliseconds Bounds::*bound, milliseconds value) {
    Bounds result = defaults;
    result.*bound = value;
    return result;
}

TEST(Steering, IsAsConfiguredWithoutHeaders) {
    expect_bounds(steering({{"Host", "h"}, {"X-Gangway", "1"}}).bounds, defaults);
    EXPECT_EQ(steering({}).route, check::Route::automatic);
    Bounds with_total = defaults;
    with_total.total = milliseconds(6);
    expect_bounds(steering({}, with_total).bounds, with_total);
}

TEST(Steering, RefusesAnOwnHeaderThatThereIsNot) {
    for (const char* name :
         {"X-Gangway-Rout", "x-gangway-timout", "X-Gangway-", "X-Gangway-Error"}) {
        const auto parsed =
            parse_steering(fields_of({{"X-Gangway-Wait", "1"}, {name, "1"}}), defaults);
        ASSERT_FALSE(parsed.has_value()) << name;
        const Problem& problem = parsed.error();
        EXPECT_EQ(problem.code, Code::bad_header);
        EXPECT_TRUE(problem.detail.starts_with(std::string(name) + " is no header of Gangway's"));
        EXPECT_TRUE(problem.detail.ends_with("X-Gangway-Idle-Timeout, X-Gangway-Timeout."));
    }
}

TEST(Steering, TakesARoute) {
    EXPECT_EQ(steering({{"X-Gangway-Route", "auto"}}).route, check::Route::automatic);
    EXPECT_EQ(steering({{"x-gangway-route", "pool"}}).route, check::Route::pool);
    EXPECT_EQ(steering({{"X-Gangway-Route", "direct"}}).route, check::Route::direct);
}

TEST(Steering, TakesEachBoundForItself) {
    expect_bounds(steering({{"X-Gangway-Wait", "0"}}).bounds, but(&Bounds::wait, milliseconds(0)));
    expect_bounds(steering({{"X-Gangway-Wait", "3600"}}).bounds, but(&Bounds::wait, hours(1)));
    expect_bounds(steering({{"X-Gangway-Connect-Timeout", "0.25"}}).bounds,
                  but(&Bounds::connect, milliseconds(250)));
    expect_bounds(steering({{"X-Gangway-Connect-Timeout", "3600"}}).bounds,
                  but(&Bounds::connect, hours(1)));
    expect_bounds(steering({{"X-Gangway-First-Byte-Timeout", "86400"}}).bounds,
                  but(&Bounds::first_byte, hours(24)));
    expect_bounds(steering({{"X-Gangway-Idle-Timeout", "0.001"}}).bounds,
                  but(&Bounds::idle, milliseconds(1)));
    expect_bounds(steering({{"X-Gangway-Idle-Timeout", "1.0006"}}).bounds,
                  but(&Bounds::idle, milliseconds(1001)));
}

TEST(Steering, LiftsTheBoundsForSilenceWithTheTotal) {
    Bounds expected = defaults;
    expected.first_byte = expected.idle = milliseconds(120'000);
    expected.total = milliseconds(120'000);
    expect_bounds(steering({{"X-Gangway-Timeout", "120"}}).bounds, expected);

    Bounds configured = defaults;
    configured.total = milliseconds(6);
    expect_bounds(steering({{"X-Gangway-Timeout", "120"}}, configured).bounds, expected);
}

TEST(Steering, LiftsNoBoundThatIsGivenToo) {
    Bounds expected = defaults;
    expected.first_byte = milliseconds(7'000);
    expected.idle = milliseconds(120'000);
    expected.total = milliseconds(120'000);
    expect_bounds(
        steering({{"X-Gangway-First-Byte-Timeout", "7"}, {"X-Gangway-Timeout", "120"}}).bounds,
        expected);
    expected.first_byte = milliseconds(120'000);
    expected.idle = milliseconds(8'000);
    expect_bounds(steering({{"X-Gangway-Timeout", "120"}, {"X-Gangway-Idle-Timeout", "8"}}).bounds,
                  expected);
}

using Bad = std::tuple<const char*, const char*>;
class BadSteering : public testing::TestWithParam<Bad> {};

TEST_P(BadSteering, IsRefusedWithTheHeaderNamed) {
    const auto [name, value] = GetParam();
    const auto parsed = parse_steering(fields_of({{"Host", "h"}, {name, value}}), defaults);
    ASSERT_FALSE(parsed.has_value()) << name << ": " << value;
    const Problem& problem = parsed.error();
    EXPECT_EQ(problem.code, Code::bad_header);
    EXPECT_TRUE(problem.detail.starts_with(std::string(name) + " must be ")) << problem.detail;
}

INSTANTIATE_TEST_SUITE_P(Route, BadSteering,
                         testing::Combine(testing::Values("X-Gangway-Route"),
                                          testing::Values("", "Auto", "pool ", "pool,direct")));
INSTANTIATE_TEST_SUITE_P(
    Words, BadSteering,
    testing::Combine(testing::Values("X-Gangway-Wait", "X-Gangway-Timeout",
                                     "X-Gangway-Connect-Timeout", "X-Gangway-First-Byte-Timeout",
                                     "X-Gangway-Idle-Timeout"),
                     testing::Values("", " ", "soon", "1s", "1 ", " 1", "+1", "-1", "-0.001", "1,5",
                                     "1.5.0", "0x1", "1e1", "inf", "nan", "86400.001", "1,1",
                                     "99999999999999999999999999")));
INSTANTIATE_TEST_SUITE_P(AboveAnHour, BadSteering,
                         testing::Combine(testing::Values("X-Gangway-Wait",
                                                          "X-Gangway-Connect-Timeout"),
                                          testing::Values("3600.001", "86400")));
INSTANTIATE_TEST_SUITE_P(
    Zero, BadSteering,
    testing::Combine(testing::Values("X-Gangway-Timeout", "X-Gangway-Connect-Timeout",
                                     "X-Gangway-First-Byte-Timeout", "X-Gangway-Idle-Timeout"),
                     testing::Values("0", "0.0", "0.0009", "-0")));

TEST(Steering, IsRefusedWhateverElseIsRight) {
    const auto parsed = parse_steering(
        fields_of(
            {{"X-Gangway-Route", "nowhere"}, {"X-Gangway-Wait", "1"}, {"X-Gangway-Timeout", "1"}}),
        defaults);
    EXPECT_FALSE(parsed.has_value());
}

} // namespace
} // namespace gangway::worker
