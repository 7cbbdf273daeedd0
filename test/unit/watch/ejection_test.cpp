#include "watch/ejection.hpp"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/random_numbers.hpp"

namespace gangway::watch {
namespace {

using namespace std::chrono_literals;

using Time = Ejections::Time;
constexpr Time epoch{};

EjectionPolicy policy(unsigned max_percent = 10, unsigned min_healthy = 1) {
    return {true, false, max_percent, min_healthy, 60s};
}

// The rest of the group is healthy.
GroupHealth group(unsigned total, unsigned unhealthy) {
    return {total, total - unhealthy, unhealthy, 0};
}

// What came of it: the refusal's word, or "eject".
std::string decide(Ejections& ejections, const EjectionPolicy& policy, const GroupHealth& group,
                   Time now = epoch) {
    const Decision decision = ejections.decide(policy, group, true, now);
    if (decision.action == Action::refuse) {
        return std::string(word(decision.refusal));
    }
    ejections.note(now);
    return "eject";
}

struct EjectionCase {
    const char* outcome;
    GroupHealth group;
    unsigned min_healthy = 1;
    bool enabled = true;
};

void PrintTo(const EjectionCase& c, std::ostream* out) {
    *out << c.outcome << " with " << c.group.healthy << " of " << c.group.total << " healthy, "
         << c.min_healthy << " needed";
}

class FirstEjection : public testing::TestWithParam<EjectionCase> {};

TEST_P(FirstEjection, NeedsEnoughHealthyOnes) {
    EjectionPolicy each = policy(10, GetParam().min_healthy);
    each.enabled = GetParam().enabled;
    Ejections ejections;
    EXPECT_EQ(decide(ejections, each, GetParam().group), GetParam().outcome);
}

// total, healthy, unhealthy, unknown; min_healthy, enabled
INSTANTIATE_TEST_SUITE_P(
    Each, FirstEjection,
    testing::Values(
        EjectionCase{"eject", {2, 1, 1, 0}}, EjectionCase{"eject", {100, 99, 1, 0}},
        EjectionCase{"eject", {100, 1, 99, 0}}, EjectionCase{"whole_group", {1, 0, 1, 0}},
        EjectionCase{"whole_group", {4, 0, 4, 0}}, EjectionCase{"whole_group", {4, 0, 1, 3}},
        EjectionCase{"whole_group", {4, 0, 4, 0}, 0}, EjectionCase{"whole_group", {4, 0, 4, 0}, 3},
        EjectionCase{"eject", {4, 1, 3, 0}, 0}, EjectionCase{"eject", {4, 3, 1, 0}, 3},
        EjectionCase{"floor", {4, 2, 2, 0}, 3}, EjectionCase{"floor", {4, 2, 1, 1}, 3},
        EjectionCase{"floor", {4, 3, 1, 0}, 4}, EjectionCase{"disabled", {4, 3, 1, 0}, 1, false},
        EjectionCase{"disabled", {4, 0, 4, 0}, 1, false}));

TEST(Ejections, NobodyIsEjectedForWhatTheRouteMayHaveCaused) {
    for (const GroupHealth& each : {group(4, 1), group(100, 1), group(4, 4)}) {
        Ejections ejections;
        const Decision decision = ejections.decide(policy(100, 0), each, false, epoch);
        EXPECT_EQ(decision.action, Action::refuse);
        EXPECT_EQ(word(decision.refusal), "route");
        EXPECT_EQ(decision.sentence.back(), '.');
        EXPECT_EQ(ejections.last(), std::nullopt);
    }
    EjectionPolicy dry = policy();
    dry.dry_run = true;
    EXPECT_EQ(word(Ejections().decide(dry, group(4, 1), false, epoch).refusal), "route");
    dry.enabled = false;
    EXPECT_EQ(word(Ejections().decide(dry, group(4, 1), false, epoch).refusal), "disabled");
}

struct Share {
    unsigned max_percent;
    unsigned total;
    unsigned ejected; // at once
};

class RunOfEjections : public testing::TestWithParam<Share> {};

TEST_P(RunOfEjections, TakesItsShareAndOneInAnyCase) {
    const Share& share = GetParam();
    Ejections ejections;
    for (unsigned i = 0; i < share.ejected; i++) {
        EXPECT_EQ(decide(ejections, policy(share.max_percent), group(share.total, 1)), "eject");
    }
    EXPECT_EQ(decide(ejections, policy(share.max_percent), group(share.total, 1)), "share");
}

INSTANTIATE_TEST_SUITE_P(Each, RunOfEjections,
                         testing::Values(Share{10, 2, 1}, Share{10, 10, 1}, Share{10, 19, 1},
                                         Share{10, 20, 2}, Share{10, 100, 10}, Share{50, 5, 2},
                                         Share{0, 100, 1}, Share{100, 4, 4}));

TEST(Ejections, MakeTheirOwnShareNoSmaller) {
    Ejections ejections;
    EXPECT_EQ(decide(ejections, policy(), group(20, 2)), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(19, 1)), "eject"); // not yet replaced
    EXPECT_EQ(decide(ejections, policy(), group(18, 1)), "share");
}

TEST(Ejections, TakeTheirShareOfAGroupThatHasGrown) {
    Ejections ejections;
    EXPECT_EQ(decide(ejections, policy(), group(10, 1)), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(10, 1)), "share");
    EXPECT_EQ(decide(ejections, policy(), group(20, 1)), "eject");
}

TEST(Ejections, TakeTheirShareOfTheGroupAsItIsWhenARunBegins) {
    Ejections ejections;
    EXPECT_EQ(decide(ejections, policy(), group(20, 1)), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(10, 1), epoch + 60s), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(10, 1), epoch + 60s), "share");
}

TEST(Ejections, RestAfterARunUntilACoolDownHasPassedSinceItsLast) {
    Ejections ejections;
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 40s), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 41s), "share");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 60s - 1ns), "share");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 60s), "cool_down");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 100s - 1ns), "cool_down");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 100s), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(20, 2), epoch + 101s), "eject");
}

TEST(Ejections, AreNotHeldBackByRefusals) {
    Ejections ejections;
    EXPECT_EQ(decide(ejections, policy(), group(4, 1), epoch), "eject");
    EXPECT_EQ(decide(ejections, policy(), group(4, 1), epoch + 59s), "share");
    EXPECT_EQ(decide(ejections, policy(), group(4, 1), epoch + 60s), "eject");
}

TEST(Ejections, HaveNoLimitButTheHealthyOnesWithoutACoolDown) {
    EjectionPolicy each = policy();
    each.cool_down = 0s;
    Ejections ejections;
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(decide(ejections, each, group(4, 1)), "eject");
    }
    EXPECT_EQ(decide(ejections, each, group(4, 4)), "whole_group");
}

TEST(Ejections, GoAtTheSameRateInADryRun) {
    EjectionPolicy dry = policy();
    dry.dry_run = true;
    Ejections ejections;
    const Decision decision = ejections.decide(dry, group(4, 1), true, epoch);
    EXPECT_EQ(decision.action, Action::would_eject);
    EXPECT_EQ(decision.refusal, Refusal::none);
    ejections.note(epoch);
    EXPECT_EQ(decide(ejections, dry, group(4, 1), epoch + 1s), "share");
}

TEST(Refusal, SaysWhatWouldHaveToChange) {
    Ejections ejections;
    const auto sentence = [&](const EjectionPolicy& each, const GroupHealth& of, Time now) {
        return ejections.decide(each, of, true, now).sentence;
    };
    EXPECT_EQ(sentence(policy(), group(20, 1), epoch), "");
    EXPECT_EQ(sentence(EjectionPolicy{}, group(4, 1), epoch),
              R"("on_unhealthy" is "none": set it to "detach" to have unhealthy processes )"
              "replaced.");
    EXPECT_EQ(sentence(policy(), group(4, 4), epoch),
              "No other process of the group is healthy, so the fault is hardly this one's: look "
              "at what they share (a database, the check's path, what it expects); another has to "
              "be healthy first.");
    EXPECT_EQ(sentence(policy(10, 3), group(4, 2), epoch),
              R"(Only 2 healthy would be left, and "min_healthy" is 3: more have to become )"
              "healthy, or lower it.");
    ejections.note(epoch);
    ejections.note(epoch + 20s);
    EXPECT_EQ(sentence(policy(), group(20, 1), epoch + 30'500ms),
              R"(Of 20 processes 2 ejected within 60 seconds are all that "max_ejection_percent" )"
              "10 allows: raise it, or wait 50 seconds.");
    EXPECT_EQ(sentence(policy(), group(20, 1), epoch + 79s),
              "The share is used up, and the last ejection was less than 60 seconds ago: lower "
              R"("cool_down_seconds", or wait 1 second.)");
}

TEST(Refusal, HasAWordEach) {
    EXPECT_EQ(word(Refusal::none), "");
    EXPECT_EQ(word(Refusal::disabled), "disabled");
    EXPECT_EQ(word(Refusal::whole_group), "whole_group");
    EXPECT_EQ(word(Refusal::floor), "floor");
    EXPECT_EQ(word(Refusal::share), "share");
    EXPECT_EQ(word(Refusal::cool_down), "cool_down");
}

// A group whose processes become healthy and unhealthy, and whose ejected ones come back as
// unknown.
class Pool {
  public:
    explicit Pool(unsigned size) : states_(size, State::unknown) {}

    // One process at random, as it may be; or a replacement.
    void change(unsigned process, unsigned chance) {
        State& state = states_[process % states_.size()];
        if (state == State::gone) {
            state = State::unknown;
        } else {
            state = chance % 3 == 0 ? State::healthy : State::unhealthy;
        }
    }
    bool is_unhealthy(unsigned process) const {
        return states_[process % states_.size()] == State::unhealthy;
    }
    void eject(unsigned process) { states_[process % states_.size()] = State::gone; }
    GroupHealth health() const {
        return {count(State::healthy) + count(State::unhealthy) + count(State::unknown),
                count(State::healthy), count(State::unhealthy), count(State::unknown)};
    }

  private:
    enum class State : std::uint8_t { unknown, healthy, unhealthy, gone };
    unsigned count(State state) const {
        return static_cast<unsigned>(std::count(states_.begin(), states_.end(), state));
    }
    std::vector<State> states_;
};

// When processes were ejected while a group lived through what happened.
std::vector<Time> ejected(const EjectionPolicy& policy, unsigned size,
                          const std::vector<std::uint32_t>& happened) {
    Pool pool(size);
    Ejections ejections;
    std::vector<Time> times;
    Time now = epoch;
    for (const std::uint32_t each : happened) {
        const unsigned process = each >> 8;
        now += std::chrono::seconds(each % 8);
        if (!pool.is_unhealthy(process)) {
            pool.change(process, each % 251);
            continue;
        }
        if (ejections.decide(policy, pool.health(), true, now).action != Action::eject) {
            pool.change(process, each % 251);
            continue;
        }
        ejections.note(now);
        times.push_back(now);
        pool.eject(process);
        RC_ASSERT(pool.health().healthy >= std::max(1U, policy.min_healthy));
    }
    return times;
}

RC_GTEST_PROP(EjectionProperties, LeaveTheFloorAndKeepToTheShare, ()) {
    const EjectionPolicy each = policy(*random::uniform(0U, 101U), *random::uniform(0U, 4U));
    const unsigned size = *random::uniform(1U, 30U);
    const auto happened = *rc::gen::scale(
        10, rc::gen::container<std::vector<std::uint32_t>>(random::uniform(0U, ~0U)));
    const std::vector<Time> times = ejected(each, size, happened);
    RC_CLASSIFY(times.size() >= 2);
    const auto share = std::max(1U, each.max_percent * size / 100);
    for (std::size_t i = share; i < times.size(); i++) {
        // Of any share + 1 in a row, one has waited for a cool-down.
        bool rested = false;
        for (std::size_t j = i - share; j < i; j++) {
            rested = rested || times[j + 1] - times[j] >= each.cool_down;
        }
        RC_ASSERT(rested);
    }
}

} // namespace
} // namespace gangway::watch
