#include "watch/schedule.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/random_numbers.hpp"

namespace gangway::watch {
namespace {

using namespace std::chrono_literals;

using Time = Schedule::Time;
using Duration = Schedule::Clock::duration;
using Keys = std::vector<std::string>;
constexpr Time start = Time() + 1000h;
constexpr std::size_t all = 1'000'000;

std::uint32_t middle() { // no jitter
    return 1U << 31;
}
std::uint32_t lowest() {
    return 0;
}
std::uint32_t highest() {
    return ~0U;
}

// When the only key is due.
Time due(const Schedule& schedule) {
    return schedule.next_due().value_or(Time::max());
}

TEST(Schedule, HasNothingDueWithoutKeys) {
    Schedule schedule(10s, 10, middle);
    EXPECT_FALSE(schedule.next_due().has_value());
    EXPECT_TRUE(schedule.take_due(start, all).empty());
}

TEST(Schedule, PlacesAFirstCheckByTheKeyAlone) {
    Schedule one(10s, 10, middle);
    one.add("20387-a", start);
    Schedule other(10s, 10, highest);
    other.add("20388-b", start);
    other.add("20387-a", start);
    other.remove("20388-b");
    EXPECT_EQ(due(one), due(other));
    // Of "a" FNV-1a is 0xaf63dc4c8601ec8c, and of that fmix64:
    Schedule known(10s, 10, middle);
    known.add("a", start);
    EXPECT_EQ(due(known) - start, Duration(0x82a2'a958'a9be'ce5bU % 10'000'000'000U));
}

TEST(Schedule, GivesAKeyWhenItIsDueAndNotBefore) {
    Schedule schedule(10s, 10, middle);
    schedule.add("a", start);
    const Time first = due(schedule);
    EXPECT_TRUE(schedule.take_due(first - 1ns, all).empty());
    EXPECT_EQ(schedule.take_due(first, all), Keys{"a"});
}

TEST(Schedule, GivesAKeyAgainOnlyAfterItIsDone) {
    Schedule schedule(10s, 10, middle);
    schedule.add("a", start);
    const Time first = due(schedule);
    schedule.take_due(first, all);
    EXPECT_FALSE(schedule.next_due().has_value());
    EXPECT_TRUE(schedule.take_due(first + 1h, all).empty());
    schedule.done("a", first + 1s);
    EXPECT_EQ(due(schedule), first + 10s);
}

TEST(Schedule, LeavesAKeyThatIsThereAsItIs) {
    Schedule schedule(10s, 10, middle);
    schedule.add("a", start);
    const Time first = due(schedule);
    schedule.add("a", start + 5s);
    EXPECT_EQ(due(schedule), first);
    EXPECT_EQ(schedule.take_due(first + 1h, all).size(), 1U);
    schedule.add("a", start + 1h);
    EXPECT_FALSE(schedule.next_due().has_value());
}

TEST(Schedule, ForgetsARemovedKey) {
    Schedule schedule(10s, 10, middle);
    schedule.add("a", start);
    schedule.remove("a");
    schedule.remove("b");
    EXPECT_FALSE(schedule.next_due().has_value());
}

TEST(Schedule, TakesNoNoticeWhenARemovedKeyIsDone) {
    Schedule schedule(10s, 10, middle);
    schedule.add("a", start);
    schedule.take_due(start + 10s, all);
    schedule.remove("a");
    schedule.done("a", start + 11s);
    EXPECT_FALSE(schedule.next_due().has_value());
}

TEST(Schedule, TakesNoNoticeWhenAKeyIsDoneThatWasNotTaken) {
    Schedule schedule(10s, 10, middle);
    schedule.add("a", start);
    const Time first = due(schedule);
    schedule.done("a", start);
    EXPECT_EQ(due(schedule), first);
    EXPECT_EQ(schedule.take_due(first, all).size(), 1U);
    EXPECT_FALSE(schedule.next_due().has_value());
}

TEST(Schedule, GivesThoseFirstThatHaveBeenDueForLongest) {
    Schedule schedule(10s, 10, middle);
    std::vector<std::pair<Time, std::string>> expected;
    for (const std::string key : {"a", "b", "c", "d", "e"}) {
        Schedule alone(10s, 10, middle);
        alone.add(key, start);
        expected.emplace_back(due(alone), key);
        schedule.add(key, start);
    }
    std::sort(expected.begin(), expected.end());
    const Keys two = schedule.take_due(start + 1h, 2);
    EXPECT_EQ(two, (Keys{expected[0].second, expected[1].second}));
    EXPECT_EQ(due(schedule), expected[2].first);
    EXPECT_EQ(schedule.take_due(start + 1h, all).size(), 3U);
}

TEST(Jitter, GoesFromMinusToPlusItsPercentage) {
    Schedule early(10s, 10, lowest);
    early.add("a", start);
    const Time first = due(early);
    early.take_due(first, all);
    early.done("a", first);
    EXPECT_EQ(due(early), first + 9s);
    Schedule late(10s, 10, highest);
    late.add("a", start);
    late.take_due(first, all);
    late.done("a", first);
    EXPECT_LE(due(late), first + 11s);
    EXPECT_GT(due(late), first + 11s - 1us);
}

TEST(LateCheck, IsNotMadeUpForButKeepsItsPlace) {
    const struct {
        Duration done_after; // it was due
        Duration next;
    } cases[] = {{9s, 10s},  {10s - 1ns, 10s}, {10s, 20s},         {11s, 20s},
                 {20s, 30s}, {25s, 30s},       {1h + 5s, 1h + 10s}};
    for (const auto& each : cases) {
        Schedule schedule(10s, 10, middle);
        schedule.add("a", start);
        const Time first = due(schedule);
        schedule.take_due(first, all);
        schedule.done("a", first + each.done_after);
        EXPECT_EQ((due(schedule) - first).count(), each.next.count());
    }
}

// How many are due in each tenth of the interval that begins then; all must be.
std::array<std::size_t, 10> tenths(Schedule& schedule, Time begin, Duration interval) {
    std::array<std::size_t, 10> counts{};
    for (std::size_t i = 0; i < counts.size(); i++) {
        const Time end = begin + interval * (i + 1) / 10;
        counts[i] = schedule.take_due(end, all).size();
    }
    return counts;
}

RC_GTEST_PROP(ScheduleProperties, SpreadsFirstChecksOverTheInterval, ()) {
    const auto count = *random::uniform<std::size_t>(100, 1000);
    const auto prefix = *rc::gen::arbitrary<std::string>();
    const Duration interval = std::chrono::milliseconds(*random::uniform(100, 600'000));
    Schedule schedule(interval, 10, middle);
    for (std::size_t i = 0; i < count; i++) {
        schedule.add(prefix + std::to_string(i), start);
    }
    for (const std::size_t in_tenth : tenths(schedule, start, interval)) {
        RC_ASSERT(in_tenth <= 4 * count / 10);
    }
    RC_ASSERT(!schedule.next_due());
}

RC_GTEST_PROP(ScheduleProperties, SpreadsThemAgainAfterAllWereLateTogether, ()) {
    const auto count = *random::uniform<std::size_t>(400, 1000);
    const Duration late = std::chrono::milliseconds(*random::uniform(10'000, 10'000'000));
    std::mt19937 generator(*rc::gen::arbitrary<std::uint32_t>());
    Schedule schedule(10s, *random::uniform(0U, 101U), [&] { return generator(); });
    for (std::size_t i = 0; i < count; i++) {
        schedule.add(std::to_string(i), start);
    }
    const Time now = start + late;
    for (const std::string& key : schedule.take_due(now, all)) {
        schedule.done(key, now);
    }
    // Those that were late only a little are due in up to an interval and its jitter.
    for (const std::size_t in_tenth : tenths(schedule, now, 20s)) {
        RC_ASSERT(in_tenth <= 4 * count / 10);
    }
}

// Checks of one key that take as long as given each.
RC_GTEST_PROP(ScheduleProperties, NeverHasABacklogAndDriftsByNoMoreThanTheJitter, ()) {
    const auto durations = *rc::gen::container<std::vector<int>>(
        rc::gen::oneOf(random::uniform(0, 9'000), random::uniform(0, 100'000)));
    std::mt19937 generator(*rc::gen::arbitrary<std::uint32_t>());
    const unsigned percent = *random::uniform(0U, 51U);
    const Duration interval = 10s;
    const Duration jitter = interval * percent / 100;
    Schedule schedule(interval, percent, [&] { return generator(); });
    schedule.add("a", start);
    for (const int taken : durations) {
        const Time before = due(schedule);
        RC_ASSERT(schedule.take_due(before, all) == Keys{"a"});
        const Time now = before + std::chrono::milliseconds(taken);
        schedule.done("a", now);
        const Time next = due(schedule);
        RC_ASSERT(next > now);
        RC_ASSERT(next <= std::max(now + interval, before + interval + jitter));
        // From a whole number of intervals after the time before.
        const Duration off = (next - before + interval / 2) % interval - interval / 2;
        RC_ASSERT(std::chrono::abs(off) <= jitter);
    }
}

// The places move by the jitter alone, which has no direction.
RC_GTEST_PROP(ScheduleProperties, AsManyChecksAreMadeAsIntervalsHavePassed, ()) {
    constexpr int checks = 1000;
    std::mt19937 generator(*rc::gen::arbitrary<std::uint32_t>());
    Schedule schedule(10s, 10, [&] { return generator(); });
    schedule.add("a", start);
    const Time first = due(schedule);
    for (int i = 0; i < checks; i++) {
        const Time now = due(schedule);
        schedule.take_due(now, all);
        schedule.done("a", now + 3s);
    }
    // A walk of 1,000 steps, evenly from -1 to 1 s: five and a half standard deviations.
    RC_ASSERT(std::chrono::abs(due(schedule) - first - checks * 10s) < 100s);
}

} // namespace
} // namespace gangway::watch
