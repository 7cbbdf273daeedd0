#include "watch/watch.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::watch {
namespace {

using namespace std::chrono_literals;

using Time = Watch::Time;
constexpr Time beginning = Time() + 1000h;
constexpr std::size_t all = 1'000'000;

std::uint32_t middle() { // no jitter
    return 1U << 31;
}

struct PlanCase {
    const char* name;
    std::chrono::milliseconds interval;
    std::chrono::milliseconds early; // at most
};

class ChecksThatAreDueSoonAfterOneAnother : public testing::TestWithParam<PlanCase> {};

TEST_P(ChecksThatAreDueSoonAfterOneAnother, BeginTogetherAndNoneMuchTooEarly) {
    const auto& [name, interval, early] = GetParam();
    Plan plan;
    plan.group = "*";
    plan.interval = interval;
    const std::vector<Plan> plans{plan};
    Watch watch(plans, middle);
    for (int i = 0; i < 200; i++) {
        watch.attach({{i, "process-" + std::to_string(i), "shop"}}, false, beginning, 0);
    }

    std::size_t begun = 0;
    std::size_t times = 0;
    while (begun < 200) {
        const Time now = watch.next_due().value();
        Schedule schedule(interval, plan.jitter_percent, middle);
        for (const auto& [gupid, process] : watch.find("shop")->processes) {
            schedule.add(gupid, beginning);
        }
        begun += watch.take_due(now, all).size();
        times++;
        EXPECT_EQ(begun, schedule.take_due(now + early, all).size());
    }
    EXPECT_LE(times, 20U);
    EXPECT_FALSE(watch.next_due().has_value());
}

INSTANTIATE_TEST_SUITE_P(, ChecksThatAreDueSoonAfterOneAnother,
                         testing::Values(PlanCase{"ATwentiethOfAShortInterval", 1s, 50ms},
                                         PlanCase{"ATenthOfASecondOfALongOne", 2s, 100ms},
                                         PlanCase{"ATwentiethOfAVeryShortOne", 100ms, 5ms}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Watch, BeginsNoCheckBeforeAnyIsDue) {
    Plan plan;
    plan.group = "*";
    const std::vector<Plan> plans{plan};
    Watch watch(plans, middle);
    watch.attach({{1, "process-1", "shop"}}, false, beginning, 0);
    EXPECT_TRUE(watch.take_due(watch.next_due().value() - 101ms, all).empty());
}

} // namespace
} // namespace gangway::watch
