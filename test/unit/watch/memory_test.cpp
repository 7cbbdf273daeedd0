// What continuous checks know stays whole where memory runs out while it changes.
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include "scarce_memory/scarce_memory.h"
#include "support/pool_fake.hpp"
#include "watch/census.hpp"
#include "watch/schedule.hpp"
#include "watch/watch.hpp"

namespace gangway::watch {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Time = Schedule::Time;

std::uint32_t half() {
    return 1U << 31U; // no jitter
}

// Does it again and again, with memory for one allocation more each time, until there is enough.
void until_there_is_enough(const std::function<void(bool failed)>& look,
                           const std::function<void()>& deed) {
    std::string name(16, '\0');
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    ::pthread_setname_np(::pthread_self(), "gangway");
    bool failed = true;
    for (unsigned before = 0; failed && before < 1000; before++) {
        failed = false;
        try {
            const test::ScarceMemory memory(before, 1, test::Memory::any);
            deed();
        } catch (const std::bad_alloc&) {
            failed = true;
        }
        look(failed);
    }
    ::pthread_setname_np(::pthread_self(), name.c_str());
    EXPECT_FALSE(failed) << "There is never enough.";
}

pool::FakePool pool_with(const std::vector<std::string>& names) {
    pool::FakePool pool;
    pool.add_group("/srv/a shop with a name that needs memory", "shop-password");
    std::int64_t pid = 1;
    for (const std::string& name : names) {
        pool.add_process(pid++, name + " with a gupid that needs memory");
    }
    return pool;
}

TEST(CensusWithoutMemory, HasChangedNothing) {
    const pool::FakePool first = pool_with({"a", "b"});
    const pool::FakePool second = pool_with({"b", "c", "d"});
    Census census;
    unsigned failures = 0;
    until_there_is_enough(
        [&](bool failed) {
            failures += failed ? 1U : 0U;
            if (failed) {
                EXPECT_EQ(census.members().size(), 2U);
                EXPECT_THAT(census.update(first.snapshot()).attached, IsEmpty());
            } else {
                EXPECT_EQ(census.members().size(), 3U);
            }
        },
        [&] {
            if (census.members().empty()) {
                const test::InHost with_memory;
                census.update(first.snapshot());
            }
            const auto snapshot = [&] {
                const test::InHost with_memory;
                return second.snapshot();
            }();
            const Census::Changes changes = census.update(snapshot);
            const test::InHost with_memory;
            EXPECT_EQ(changes.attached.size(), 2U);
            EXPECT_EQ(changes.detached.size(), 1U);
        });
    EXPECT_GT(failures, 5U);
}

TEST(ScheduleWithoutMemory, HasChangedNothing) {
    std::optional<Schedule> schedule;
    Time now{};
    unsigned failures = 0;
    const std::string first = "the first of the keys, which needs memory";
    const std::string second = "the second of the keys, which needs it too";
    until_there_is_enough(
        [&](bool failed) {
            failures += failed ? 1U : 0U;
            schedule->add(first, now);
            schedule->add(second, now);
            now += 20s;
            EXPECT_THAT(schedule->take_due(now, 9), UnorderedElementsAre(first, second));
            schedule->done(first, now);
            schedule->done(second, now);
        },
        [&] {
            {
                const test::InHost with_memory;
                schedule.emplace(10s, 0, half);
            }
            schedule->add(first, now);
            schedule->add(second, now);
            now += 20s;
            for (const std::string& key : schedule->take_due(now, 9)) {
                schedule->done(key, now);
            }
        });
    EXPECT_GT(failures, 5U);
}

TEST(WatchWithoutMemory, ForgetsNobody) {
    Plan plan;
    plan.group = "*";
    const std::vector<Plan> plans{plan};
    Watch watch(plans, half);
    Time now{};
    unsigned failures = 0;
    std::vector<Member> members;
    for (const char* name : {"a", "b", "c"}) {
        members.push_back(
            {{1, std::string(name) + ", whose gupid needs memory", "the group's name"},
             GANGWAY_PROCESS_ENABLED});
    }
    until_there_is_enough(
        [&](bool failed) {
            failures += failed ? 1U : 0U;
            for (const Member& member : members) {
                watch.attach(member, false, now, 0);
            }
            now += 20s;
            const auto due = watch.take_due(now, 9);
            EXPECT_EQ(due.size(), members.size());
            for (const Watch::Due& each : due) {
                watch.give_back(each, now);
            }
        },
        [&] {
            for (const Member& member : members) {
                watch.attach(member, false, now, 0);
            }
            now += 20s;
            const auto due = watch.take_due(now, 9);
            for (const Watch::Due& each : due) {
                watch.add(each, check::Result{}, now, now, 0);
            }
        });
    EXPECT_GT(failures, 5U);
}

} // namespace
} // namespace gangway::watch
