#include "base/turns.hpp"

#include <deque>
#include <list>
#include <map>

#include <gtest/gtest.h>

namespace gangway {
namespace {

using Caller = Turns::Caller;
using namespace std::chrono_literals;

const Turns::Clock::time_point begin = Turns::Clock::time_point() + 1h;

TEST(Turns, OfOneUserEndForAllHisConnectionsAtOnce) {
    Turns turns;
    Caller one(turns, Owner(1));
    Caller same(turns, Owner(1));
    EXPECT_TRUE(one.has_turn(begin));
    EXPECT_TRUE(same.has_turn(begin + Turns::length - 1us));
    EXPECT_FALSE(same.has_turn(begin + Turns::length));
    EXPECT_FALSE(one.has_turn(begin + Turns::length));
}

TEST(Turns, AreEachUsersOwn) {
    Turns turns;
    Caller busy(turns, Owner(1));
    Caller other(turns, Owner(2));
    EXPECT_TRUE(busy.has_turn(begin));
    EXPECT_FALSE(busy.has_turn(begin + 1s));
    EXPECT_TRUE(other.has_turn(begin + 1s));
}

TEST(Turns, ComeAgainOnceForAPassHoweverManyWaited) {
    Turns turns;
    Caller first(turns, Owner(1));
    Caller second(turns, Owner(1));
    Caller third(turns, Owner(1));
    EXPECT_TRUE(first.has_turn(begin));
    for (Caller* caller : {&first, &second, &third}) {
        EXPECT_FALSE(caller->has_turn(begin + 1s));
        caller->step_back();
    }
    first.come_back();
    EXPECT_FALSE(first.has_turn(begin + 1s)) << "others wait who had none";
    second.come_back();
    EXPECT_TRUE(second.has_turn(begin + 1s));
    third.come_back();
    EXPECT_FALSE(third.has_turn(begin + 2s)) << "one long piece of work is a whole turn";
    first.step_back();
    third.step_back();
    first.come_back();
    EXPECT_FALSE(first.has_turn(begin + 2s));
    third.come_back();
    EXPECT_TRUE(third.has_turn(begin + 2s));
}

// Each asks as ClientStream does: back to the end of the queue when refused.
struct Queue {
    explicit Queue(Turns& turns) {
        for (int i = 0; i < 3; i++) {
            Caller& caller = callers.emplace_back(turns, Owner(1));
            caller.step_back();
            waiting.push_back(&caller);
        }
    }

    // Who is first comes back. If it has the turn it uses all of it, and wants more.
    void go_on() {
        Caller* const caller = waiting.front();
        waiting.pop_front();
        caller->come_back();
        if (caller->has_turn(now)) {
            had[caller]++;
            now += Turns::length;
            EXPECT_FALSE(caller->has_turn(now));
        }
        caller->step_back();
        waiting.push_back(caller);
    }

    std::list<Caller> callers;
    std::deque<Caller*> waiting;
    std::map<Caller*, int> had;
    Turns::Clock::time_point now = begin;
};

TEST(Turns, GoRoundTheConnectionsOfAUserThatAllWantMore) {
    Turns turns;
    Queue queue(turns);
    for (int i = 0; i < 300; i++) {
        queue.go_on();
    }
    ASSERT_EQ(queue.had.size(), 3U);
    for (const auto& [caller, turns_had] : queue.had) {
        EXPECT_GE(turns_had, 30);
    }
}

TEST(Turns, AreNotKeptForOneThatHasGoneAwayWithoutAsking) {
    Turns turns;
    Caller busy(turns, Owner(1));
    Caller gone(turns, Owner(1));
    EXPECT_TRUE(busy.has_turn(begin));
    EXPECT_FALSE(gone.has_turn(begin + 1s)); // Then its client closed.
    int asked = 0;
    for (bool has_turn = false; !has_turn; asked++) {
        busy.step_back();
        busy.come_back();
        has_turn = busy.has_turn(begin + 2s);
        ASSERT_LT(asked, 5);
    }
    EXPECT_EQ(asked, 2) << "one pass in which the other could have come";
}

} // namespace
} // namespace gangway
