#include "watch/watch.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::watch {
namespace {

using namespace std::chrono_literals;

using Time = Watch::Time;
constexpr Time outset{};
constexpr std::uint64_t now_usec = 1'795'414'034'000'000;

Member member(const std::string& gupid, const std::string& group = "shop",
              gangway_process_enabled enabled = GANGWAY_PROCESS_ENABLED) {
    return {{100, gupid, group}, enabled};
}

check::Result verdict(check::Verdict verdict) {
    check::Result result;
    result.verdict = verdict;
    if (verdict == check::Verdict::unhealthy) {
        result.reason = check::Reason::first_byte_timeout;
        result.detail = "It says nothing.";
    }
    return result;
}

const check::Result healthy = verdict(check::Verdict::healthy);
const check::Result unhealthy = verdict(check::Verdict::unhealthy);

// One plan, of the group "shop": every 10 s, down at once, no jitter.
class WatchTest : public testing::Test {
  protected:
    WatchTest() {
        Plan plan;
        plan.group = "shop";
        plan.interval = 10s;
        plan.jitter_percent = 0;
        plan.thresholds = {1, 1};
        plan.check.path = "/health";
        plans_.push_back(plan);
    }
    Plan& plan() { return plans_.front(); }

    void attach(const std::string& gupid, bool is_new = false) {
        watch_.attach(member(gupid), is_new, now_, now_usec);
    }
    std::vector<Watch::Due> take_due(std::size_t max = 1000) { return watch_.take_due(now_, max); }

    // Lets the next check of that process come due, and end with this result.
    std::optional<Watch::Outcome> check(const std::string& gupid, const check::Result& result) {
        now_ += plan().interval;
        std::optional<Watch::Outcome> outcome;
        bool found = false;
        for (const Watch::Due& due : take_due()) {
            const bool meant = due.gupid == gupid;
            found = found || meant;
            auto each = watch_.add(due, meant ? result : verdict(check::Verdict::skipped), now_,
                                   now_, now_usec);
            if (meant) {
                outcome = std::move(each);
            }
        }
        if (outcome && outcome->decision && outcome->decision->action != Action::refuse) {
            watch_.note_ejection("shop", gupid, now_, now_usec);
        }
        EXPECT_TRUE(found) << gupid << " was not due";
        return outcome;
    }
    const WatchedProcess& process(const std::string& gupid) { return *watch_.find("shop", gupid); }
    const WatchedGroup& group() { return *watch_.find("shop"); }
    Standing standing(const std::string& gupid) { return process(gupid).track.standing(); }

    Time now_ = outset;
    std::vector<Plan> plans_;
    Watch watch_{plans_, [] { return 0U; }};
};

TEST_F(WatchTest, WatchesNobodyAtFirst) {
    EXPECT_TRUE(watch_.groups().empty());
    EXPECT_EQ(watch_.next_due(), std::nullopt);
    EXPECT_TRUE(take_due().empty());
    EXPECT_EQ(watch_.find("shop"), nullptr);
    EXPECT_EQ(watch_.find("shop", "a"), nullptr);
}

TEST_F(WatchTest, AProcessThatIsAttachedIsUnknownAndDueWithinAnInterval) {
    attach("a");
    EXPECT_EQ(standing("a"), Standing::unknown);
    EXPECT_EQ(process("a").track.since_usec(), now_usec);
    EXPECT_EQ(process("a").subject.pid, 100);
    ASSERT_TRUE(watch_.next_due().has_value());
    EXPECT_GE(*watch_.next_due(), outset);
    EXPECT_LE(*watch_.next_due(), outset + 10s);
}

TEST_F(WatchTest, LeavesGroupsWithoutAPlanAlone) {
    watch_.attach(member("b", "blog"), true, now_, now_usec);
    watch_.note_enabled(member("b", "blog"));
    watch_.detach(member("b", "blog"));
    EXPECT_TRUE(watch_.groups().empty());
}

TEST_F(WatchTest, ThePlanOfAllHoldsForEachGroupByItself) {
    plan().group = "*";
    attach("a");
    watch_.attach(member("b", "blog"), false, now_, now_usec);
    EXPECT_EQ(watch_.groups().size(), 2U);
    EXPECT_EQ(watch_.find("shop")->health().total, 1U);
    EXPECT_EQ(watch_.find("blog")->health().total, 1U);
    EXPECT_EQ(watch_.find("shop", "b"), nullptr);
}

TEST_F(WatchTest, AttachingAgainChangesNothing) {
    attach("a");
    check("a", healthy);
    const auto due = watch_.next_due();
    attach("a");
    EXPECT_EQ(standing("a"), Standing::healthy);
    EXPECT_EQ(watch_.next_due(), due);
}

TEST_F(WatchTest, WhatIsDueIsCheckedAsItsPlanSays) {
    attach("a");
    now_ += 10s;
    const auto due = take_due();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due.front().group, "shop");
    EXPECT_EQ(due.front().gupid, "a");
    EXPECT_EQ(due.front().check, &plan().check);
}

TEST_F(WatchTest, ACheckThatIsUnderWayIsNotDueAgainBeforeItEnds) {
    attach("a");
    now_ += 10s;
    const auto due = take_due();
    now_ += 1h;
    EXPECT_TRUE(take_due().empty());
    EXPECT_EQ(watch_.next_due(), std::nullopt);
    watch_.add(due.front(), healthy, now_ - 1h, now_, now_usec);
    ASSERT_TRUE(watch_.next_due().has_value());
    EXPECT_GT(*watch_.next_due(), now_);
    EXPECT_LE(*watch_.next_due(), now_ + 10s);
}

TEST_F(WatchTest, TakesNoMoreThanAskedForAcrossGroups) {
    plan().group = "*";
    for (const char* gupid : {"a", "b", "c"}) {
        watch_.attach(member(gupid, "shop"), false, now_, now_usec);
        watch_.attach(member(gupid, "blog"), false, now_, now_usec);
    }
    now_ += 10s;
    EXPECT_EQ(take_due(4).size(), 4U);
    EXPECT_EQ(take_due(0).size(), 0U);
    EXPECT_EQ(take_due(4).size(), 2U);
}

TEST_F(WatchTest, AGroupWithManyThatAreLateDoesNotKeepAnotherWaiting) {
    plan().group = "*";
    for (int i = 0; i < 100; i++) {
        watch_.attach(member("g-" + std::to_string(i), "a"), false, now_, now_usec);
    }
    watch_.attach(member("z", "z"), false, now_, now_usec);
    bool checked = false;
    for (int round = 0; round < 20 && !checked; round++) { // Half of what would be needed.
        now_ += 1s;
        for (const Watch::Due& due : take_due(5)) {
            checked = checked || due.group == "z";
            watch_.add(due, healthy, now_, now_, now_usec);
        }
    }
    EXPECT_TRUE(checked);
}

TEST_F(WatchTest, TheNextDueIsTheEarliestOfAllGroups) {
    plan().group = "*";
    std::optional<Time> earliest;
    for (const char* group : {"a", "b", "c", "d"}) {
        watch_.attach(member("g", group), false, now_, now_usec);
        const auto due = watch_.find(group)->schedule.next_due();
        earliest = earliest ? std::min(earliest, due) : due;
        now_ += 1s;
    }
    EXPECT_EQ(watch_.next_due(), earliest);
}

TEST_F(WatchTest, AResultChangesTheStandingAndSaysSo) {
    attach("a");
    const auto up = check("a", healthy);
    ASSERT_TRUE(up && up->change);
    EXPECT_EQ(up->change->from, Standing::unknown);
    EXPECT_EQ(up->change->to, Standing::healthy);
    const auto same = check("a", healthy);
    ASSERT_TRUE(same);
    EXPECT_FALSE(same->change.has_value());
    const auto down = check("a", unhealthy);
    ASSERT_TRUE(down && down->change);
    EXPECT_EQ(down->change->to, Standing::unhealthy);
    EXPECT_EQ(down->change->reason, check::Reason::first_byte_timeout);
    EXPECT_EQ(down->change->detail, "It says nothing.");
}

TEST_F(WatchTest, FollowsThePlansThresholds) {
    plan().thresholds = {2, 3};
    attach("a");
    check("a", unhealthy);
    check("a", unhealthy);
    EXPECT_EQ(standing("a"), Standing::unknown);
    check("a", unhealthy);
    EXPECT_EQ(standing("a"), Standing::unhealthy);
    check("a", healthy);
    EXPECT_EQ(standing("a"), Standing::unhealthy);
    check("a", healthy);
    EXPECT_EQ(standing("a"), Standing::healthy);
}

TEST_F(WatchTest, OnlyAProcessThatHasJustBeenStartedHasASlowStart) {
    plan().slow_start = 1min;
    attach("old", false);
    attach("new", true);
    check("old", unhealthy);
    check("new", unhealthy);
    EXPECT_EQ(standing("old"), Standing::unhealthy);
    EXPECT_EQ(standing("new"), Standing::unknown);
    EXPECT_EQ(process("new").track.failures(), 1U);
    now_ += 1min;
    check("new", unhealthy);
    EXPECT_EQ(standing("new"), Standing::unhealthy);
}

TEST_F(WatchTest, ASlowStartIsOverForChecksThatBeginAfterItNotBefore) {
    plan().slow_start = 10s;
    attach("a", true);
    now_ += 10s;
    const auto first = take_due();
    ASSERT_EQ(first.size(), 1U);
    watch_.add(first.front(), unhealthy, outset + 9s, outset + 15s, now_usec);
    EXPECT_EQ(standing("a"), Standing::unknown);
    check("a", unhealthy);
    EXPECT_EQ(standing("a"), Standing::unhealthy);
}

TEST_F(WatchTest, ForgetsAProcessThatIsDetached) {
    attach("a");
    attach("b");
    watch_.detach(member("a"));
    EXPECT_EQ(watch_.find("shop", "a"), nullptr);
    now_ += 10s;
    const auto due = take_due();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due.front().gupid, "b");
}

TEST_F(WatchTest, IgnoresTheResultOfAProcessThatHasLeftMeanwhile) {
    attach("a");
    now_ += 10s;
    const auto due = take_due();
    watch_.detach(member("a"));
    EXPECT_FALSE(watch_.add(due.front(), unhealthy, now_, now_, now_usec).has_value());
    EXPECT_EQ(watch_.next_due(), std::nullopt);
    EXPECT_FALSE(watch_.add({"blog", "a", nullptr}, unhealthy, now_, now_, now_usec).has_value());
}

TEST_F(WatchTest, IgnoresThatAProcessIsGoneSinceItIsAboutToBeDropped) {
    attach("a");
    check("a", healthy);
    check::Result gone = unhealthy;
    gone.reason = check::Reason::gone;
    EXPECT_FALSE(check("a", gone).has_value());
    EXPECT_EQ(standing("a"), Standing::healthy);
    EXPECT_EQ(process("a").track.checks(), 1U);
    EXPECT_TRUE(watch_.next_due().has_value()) << "it is never due again";
}

TEST_F(WatchTest, BusyAndSkippedChangeNothing) {
    attach("a");
    check("a", healthy);
    for (const check::Verdict each : {check::Verdict::busy, check::Verdict::skipped}) {
        const auto outcome = check("a", verdict(each));
        ASSERT_TRUE(outcome);
        EXPECT_FALSE(outcome->change || outcome->decision);
    }
    EXPECT_EQ(standing("a"), Standing::healthy);
}

TEST_F(WatchTest, CountsTheEnabledOnesByTheirStanding) {
    for (const char* gupid : {"a", "b", "c", "d"}) {
        attach(gupid);
    }
    check("a", healthy);
    check("b", unhealthy);
    check("c", unhealthy);
    EXPECT_EQ(group().health().total, 4U);
    EXPECT_EQ(group().health().healthy, 1U);
    EXPECT_EQ(group().health().unhealthy, 2U);
    EXPECT_EQ(group().health().unknown, 1U);
    watch_.note_enabled(member("a", "shop", GANGWAY_PROCESS_DISABLED));
    watch_.note_enabled(member("b", "shop", GANGWAY_PROCESS_DISABLING));
    EXPECT_EQ(group().health().total, 2U);
    EXPECT_EQ(group().health().healthy, 0U);
    EXPECT_EQ(group().health().unhealthy, 1U);
    watch_.note_enabled(member("a"));
    EXPECT_EQ(group().health().healthy, 1U);
    watch_.note_enabled(member("nobody"));
    EXPECT_EQ(group().health().total, 3U);
}

TEST_F(WatchTest, CountsOneThatIsDisabledWhenItIsAttachedForNone) {
    watch_.attach(member("a", "shop", GANGWAY_PROCESS_DISABLED), false, now_, now_usec);
    EXPECT_EQ(group().health().total, 0U);
}

// ---------------------------------------------------------------- ejections

class WatchWithEjections : public WatchTest {
  protected:
    WatchWithEjections() {
        plan().ejection.enabled = true;
        plan().ejection.cool_down = 1h;
    }
    // A healthy one beside it, so that it may be ejected.
    void attach_with_another(const std::string& gupid) {
        attach(gupid);
        attach("well");
        check("well", healthy);
    }
    static std::string word_of(const std::optional<Watch::Outcome>& outcome) {
        if (!outcome || !outcome->decision) {
            return "nothing";
        }
        switch (outcome->decision->action) {
        case Action::eject:
            return "eject";
        case Action::would_eject:
            return "would_eject";
        case Action::refuse:
            break;
        }
        return std::string(word(outcome->decision->refusal));
    }
};

TEST_F(WatchWithEjections, EjectWhatIsUnhealthy) {
    attach_with_another("a");
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject");
    EXPECT_EQ(group().ejected, 1U);
    EXPECT_EQ(group().refused, 0U);
    EXPECT_EQ(group().last_ejection_usec, now_usec);
}

TEST_F(WatchWithEjections, OneThatWasNotCarriedOutDoesNotCount) {
    attach_with_another("a");
    now_ += 10s;
    for (const Watch::Due& due : take_due()) {
        const auto outcome =
            watch_.add(due, due.gupid == "a" ? unhealthy : healthy, now_, now_, now_usec);
        EXPECT_EQ(word_of(outcome), due.gupid == "a" ? "eject" : "nothing");
    }
    EXPECT_EQ(group().ejected, 0U);
    EXPECT_EQ(group().last_ejection_usec, std::nullopt);
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject") << "the share is used up";
}

TEST_F(WatchWithEjections, DecideNothingUnlessThePlanSaysDetach) {
    plan().ejection.enabled = false;
    attach_with_another("a");
    EXPECT_EQ(word_of(check("a", unhealthy)), "nothing");
    EXPECT_EQ(group().ejected, 0U);
    EXPECT_EQ(group().refused, 0U);
    EXPECT_EQ(group().last_ejection_usec, std::nullopt);
}

TEST_F(WatchWithEjections, DecideNothingOfAProcessThatIsNotUnhealthyYet) {
    plan().thresholds.fall = 2;
    attach_with_another("a");
    EXPECT_EQ(word_of(check("a", unhealthy)), "nothing");
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject");
}

TEST_F(WatchWithEjections, DecideNothingByAResultThatSaysNothing) {
    attach("a");
    check("a", unhealthy);
    attach("well");
    check("well", healthy);
    EXPECT_EQ(word_of(check("a", verdict(check::Verdict::busy))), "nothing");
    plan().thresholds.rise = 2;
    EXPECT_EQ(word_of(check("a", healthy)), "nothing");
    EXPECT_EQ(standing("a"), Standing::unhealthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject");
}

TEST_F(WatchWithEjections, ADryRunCountsAsIfItWereNone) {
    plan().ejection.dry_run = true;
    attach_with_another("a");
    attach("b");
    EXPECT_EQ(word_of(check("a", unhealthy)), "would_eject");
    EXPECT_EQ(group().ejected, 1U);
    EXPECT_EQ(group().last_ejection_usec, now_usec);
    EXPECT_EQ(word_of(check("b", unhealthy)), "share");
}

TEST_F(WatchWithEjections, ADryRunEjectsAProcessOnceUntilItWasHealthyAgain) {
    plan().ejection.dry_run = true;
    plan().ejection.cool_down = 0s;
    attach_with_another("a");
    EXPECT_EQ(word_of(check("a", unhealthy)), "would_eject");
    EXPECT_EQ(word_of(check("a", unhealthy)), "nothing");
    EXPECT_EQ(group().ejected, 1U);
    EXPECT_EQ(group().refused, 0U);
    check("a", healthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "would_eject");
}

TEST_F(WatchWithEjections, ARefusalIsToldOnceUntilItIsAnotherOne) {
    plan().ejection.min_healthy = 2;
    attach("a");
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
    EXPECT_EQ(word_of(check("a", unhealthy)), "nothing");
    attach("well");
    check("well", healthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "floor");
    EXPECT_EQ(word_of(check("a", unhealthy)), "nothing");
    EXPECT_EQ(group().refused, 4U) << "those that are not told count, too";
    EXPECT_EQ(group().ejected, 0U);
}

TEST_F(WatchWithEjections, ARefusalIsToldAgainOnceTheProcessWasHealthyAgain) {
    attach("a");
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
    check("a", healthy);
    EXPECT_EQ(process("a").last_refusal, Refusal::none);
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
}

TEST_F(WatchWithEjections, ARefusalIsToldOfEachProcess) {
    attach("a");
    attach("b");
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
    EXPECT_EQ(word_of(check("b", unhealthy)), "whole_group");
}

TEST_F(WatchWithEjections, TheShareIsOfTheGroup) {
    attach_with_another("a");
    attach("b");
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject");
    EXPECT_EQ(word_of(check("b", unhealthy)), "share");
    now_ += 1h;
    EXPECT_EQ(word_of(check("b", unhealthy)), "eject");
    EXPECT_EQ(group().ejected, 2U);
    EXPECT_EQ(group().refused, 1U);
}

TEST_F(WatchWithEjections, OtherGroupsHaveAShareOfTheirOwn) {
    plan().group = "*";
    for (const char* name : {"shop", "blog"}) {
        watch_.attach(member("sick", name), false, now_, now_usec);
        watch_.attach(member("well", name), false, now_, now_usec);
    }
    std::map<std::string, std::string> decided;
    for (int round = 0; round < 2; round++) { // The second when the well ones are known to be so.
        now_ += 10s;
        for (const Watch::Due& due : take_due()) {
            const auto outcome =
                watch_.add(due, due.gupid == "sick" ? unhealthy : healthy, now_, now_, now_usec);
            if (word_of(outcome) == "eject") {
                decided[due.group] = due.gupid;
            }
        }
    }
    EXPECT_EQ(decided, (std::map<std::string, std::string>{{"shop", "sick"}, {"blog", "sick"}}));
}

TEST_F(WatchWithEjections, AProcessThatIsDisabledIsNoneOfTheHealthyOnesLeft) {
    attach_with_another("a");
    watch_.note_enabled(member("well", "shop", GANGWAY_PROCESS_DISABLED));
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
}

TEST_F(WatchWithEjections, AProcessThatFailsInItsSlowStartIsNoneOfTheHealthyOnesLeft) {
    plan().slow_start = 1h;
    attach("a");
    attach("new", true);
    check("new", healthy);
    check("new", unhealthy);
    EXPECT_EQ(standing("new"), Standing::healthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
    check("new", healthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject");
}

TEST_F(WatchWithEjections, AProcessThatIsLeavingIsNoneOfTheHealthyOnesLeft) {
    for (const check::Reason reason :
         {check::Reason::gone, check::Reason::detached, check::Reason::shutting_down}) {
        attach_with_another("a");
        check::Result leaving = verdict(reason == check::Reason::gone ? check::Verdict::unhealthy
                                                                      : check::Verdict::skipped);
        leaving.reason = reason;
        check("well", leaving);
        EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group") << word(reason);
        watch_.detach(member("a"));
        watch_.detach(member("well"));
    }
}

TEST_F(WatchWithEjections, AProcessThatHasBegunToFailIsNoneOfTheHealthyOnesLeft) {
    plan().thresholds.fall = 2;
    attach_with_another("a");
    check("a", unhealthy);
    check("well", unhealthy);
    EXPECT_EQ(standing("well"), Standing::healthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "whole_group");
    check("well", healthy);
    EXPECT_EQ(word_of(check("a", unhealthy)), "eject");
}

// ---------------------------------------------------------------- the route of a check

TEST_F(WatchTest, AProcessThatFailsOverTheDebugSocketOnlyIsUnhealthyAndStays) {
    plan().ejection.enabled = true;
    attach("a");
    attach("b");
    check("b", healthy);
    check::Result over_debug_socket = unhealthy;
    over_debug_socket.route = check::direct_route;
    const auto outcome = check("a", over_debug_socket);
    EXPECT_EQ(standing("a"), Standing::unhealthy);
    ASSERT_TRUE(outcome && outcome->decision);
    EXPECT_EQ(outcome->decision->action, Action::refuse);
    EXPECT_EQ(outcome->decision->refusal, Refusal::route);
    EXPECT_FALSE(check("a", over_debug_socket)->decision.has_value()) << "it was told already";
    EXPECT_EQ(group().refused, 2U);
    check::Result over_pool = unhealthy;
    over_pool.route = check::pool_route;
    EXPECT_EQ(check("a", over_pool)->decision->action, Action::eject);
}

// ---------------------------------------------------------------- groups that have gone

std::map<std::string, pool::GroupFacts, std::less<>>
present(const std::vector<std::string>& names) {
    std::map<std::string, pool::GroupFacts, std::less<>> groups;
    for (const std::string& name : names) {
        groups[name] = {};
    }
    return groups;
}

TEST_F(WatchTest, AGroupThatHasGoneIsForgotten) {
    plan().group = "*";
    for (unsigned i = 0; i < 10'000; i++) {
        const Member each = member("a", "group " + std::to_string(i));
        watch_.attach(each, true, now_, now_usec);
        watch_.forget_gone(present({each.subject.group}), now_);
        watch_.detach(each);
        watch_.forget_gone(present({}), now_);
        ASSERT_TRUE(watch_.groups().empty()) << i;
    }
    EXPECT_EQ(watch_.next_due(), std::nullopt);
}

TEST_F(WatchTest, AGroupIsNotForgottenWhileItIsThereOrHasProcesses) {
    attach("a");
    watch_.forget_gone(present({}), now_);
    EXPECT_NE(watch_.find("shop"), nullptr) << "its process has not left yet";
    watch_.detach(member("a"));
    watch_.forget_gone(present({"shop"}), now_);
    EXPECT_NE(watch_.find("shop"), nullptr) << "a group may be without processes for a while";
    watch_.forget_gone(present({"blog"}), now_);
    EXPECT_EQ(watch_.find("shop"), nullptr);
}

TEST_F(WatchTest, ACheckOfAGroupThatIsForgottenComesToNothing) {
    attach("a");
    now_ += 10s;
    const auto due = take_due();
    ASSERT_EQ(due.size(), 1U);
    watch_.detach(member("a"));
    watch_.forget_gone(present({}), now_);
    EXPECT_FALSE(watch_.add(due.front(), healthy, now_, now_, now_usec).has_value());
    watch_.give_back(due.front(), now_);
    EXPECT_TRUE(watch_.groups().empty());
}

TEST_F(WatchTest, ACoolDownOutlivesItsGroup) {
    plan().ejection = {true, false, 10, 1, 60s};
    attach("a");
    attach("b");
    check("b", healthy);
    EXPECT_EQ(check("a", unhealthy)->decision->action, Action::eject);
    const Time ejected = now_;
    watch_.detach(member("a"));
    watch_.detach(member("b"));
    watch_.forget_gone(present({}), now_);
    attach("c");
    attach("d");
    check("d", healthy);
    const auto outcome = check("c", unhealthy);
    ASSERT_TRUE(outcome && outcome->decision);
    EXPECT_EQ(outcome->decision->refusal, Refusal::share) << "the group came back within it";
    watch_.detach(member("c"));
    watch_.detach(member("d"));
    watch_.forget_gone(present({}), ejected + 60s - 1ns);
    EXPECT_NE(watch_.find("shop"), nullptr);
    watch_.forget_gone(present({}), ejected + 60s);
    EXPECT_EQ(watch_.find("shop"), nullptr);
}

TEST_F(WatchTest, CoolDownsOfGroupsThatHaveGoneAreBounded) {
    plan().group = "*";
    plan().ejection = {true, false, 10, 1, 24h};
    for (std::size_t i = 0; i < Watch::most_gone + 10; i++) {
        const Member each = member("a", "group " + std::to_string(i));
        watch_.attach(each, true, now_, now_usec);
        watch_.note_ejection(each.subject.group, "a", now_ + std::chrono::seconds(i), now_usec);
        watch_.detach(each);
        watch_.forget_gone(present({}), now_);
    }
    EXPECT_EQ(watch_.groups().size(), Watch::most_gone);
    EXPECT_EQ(watch_.find("group 9"), nullptr) << "the oldest go";
    EXPECT_NE(watch_.find("group 10"), nullptr);
}

} // namespace
} // namespace gangway::watch
