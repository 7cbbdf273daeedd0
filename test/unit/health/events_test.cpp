#include "health/events.hpp"

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/health_fakes.hpp"

namespace gangway::health {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using EventPtr = std::shared_ptr<const Event>;

bool everything(const Event& /*event*/) {
    return true;
}

class EventsTest : public testing::Test {
  protected:
    void publish(const std::string& data) { events_.publish({"health_changed", {}, {}, data}); }

    // Waits for the next event; what to do meanwhile may be given.
    EventPtr next(Events::Listener& listener, std::chrono::milliseconds longest = 10s) {
        EventPtr event;
        run_all(io_, take(listener, longest, event));
        return event;
    }
    std::vector<std::string> all(Events::Listener& listener) {
        std::vector<std::string> result;
        while (const EventPtr event = next(listener, 0ms)) {
            result.push_back(event->data);
        }
        return result;
    }

    static awaitable<void> take(Events::Listener& listener, std::chrono::milliseconds longest,
                                EventPtr& event) {
        event = co_await listener.next(longest);
    }

    net::io_context io_;
    Events events_;
};

TEST_F(EventsTest, AListenerGetsEventsInTheirOrder) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    publish("1");
    publish("2");
    publish("3");
    EXPECT_THAT(all(listener), ElementsAre("1", "2", "3"));
    EXPECT_EQ(listener.take_lost(), 0U);
}

TEST_F(EventsTest, AnEventComesAsItWasPublished) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    pool::GroupFacts facts;
    facts.password = "shop-password";
    events_.publish({"ejected", facts, {}, "{}"});
    const EventPtr event = next(listener);
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->name, "ejected");
    EXPECT_EQ(event->group.password, "shop-password");
    EXPECT_EQ(event->data, "{}");
}

TEST_F(EventsTest, EachOfManyListenersGetsEveryEvent) {
    std::vector<std::unique_ptr<Events::Listener>> listeners(50);
    for (auto& listener : listeners) {
        listener = std::make_unique<Events::Listener>(events_, io_.get_executor(), everything);
    }
    publish("1");
    listeners.front().reset();
    publish("2");
    for (std::size_t i = 1; i < listeners.size(); i++) {
        EXPECT_THAT(all(*listeners[i]), ElementsAre("1", "2")) << "listener " << i;
    }
}

TEST_F(EventsTest, AListenerHearsNothingOfWhatWasBeforeIt) {
    publish("1");
    Events::Listener listener(events_, io_.get_executor(), everything);
    EXPECT_EQ(next(listener, 0ms), nullptr);
    publish("2");
    EXPECT_THAT(all(listener), ElementsAre("2"));
}

TEST_F(EventsTest, KnowWhetherSomebodyListens) {
    EXPECT_FALSE(events_.has_listeners());
    {
        const Events::Listener first(events_, io_.get_executor(), everything);
        const Events::Listener second(events_, io_.get_executor(), everything);
        EXPECT_TRUE(events_.has_listeners());
    }
    EXPECT_FALSE(events_.has_listeners());
    publish("nobody hears it");
}

TEST_F(EventsTest, WakeAListenerThatWaits) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    EventPtr event;
    spawn(io_, take(listener, 10min, event));
    io_.poll();
    ASSERT_EQ(event, nullptr);
    publish("1");
    io_.poll();
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->data, "1");
}

TEST_F(EventsTest, AListenerGivesUpWhenNothingComesInTime) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(next(listener, 20ms), nullptr);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms);
    EXPECT_FALSE(listener.is_closed());
}

TEST_F(EventsTest, ASlowListenerLosesTheOldestAndIsToldHowMany) {
    Events::Listener slow(events_, io_.get_executor(), everything);
    for (std::size_t i = 0; i < Events::most_waiting + 3; i++) {
        publish(std::to_string(i));
    }
    EXPECT_EQ(slow.take_lost(), 3U);
    EXPECT_EQ(slow.take_lost(), 0U) << "they are told twice";
    const std::vector<std::string> got = all(slow);
    ASSERT_EQ(got.size(), Events::most_waiting);
    EXPECT_EQ(got.front(), "3");
    EXPECT_EQ(got.back(), std::to_string(Events::most_waiting + 2));
}

TEST_F(EventsTest, AListenerMayBeFullWithoutLoss) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    for (std::size_t i = 0; i < Events::most_waiting; i++) {
        publish(std::to_string(i));
    }
    EXPECT_EQ(listener.take_lost(), 0U);
    EXPECT_EQ(all(listener).size(), Events::most_waiting);
}

TEST_F(EventsTest, TheLossOfOneListenerIsNoLossOfAnother) {
    Events::Listener slow(events_, io_.get_executor(), everything);
    for (std::size_t i = 0; i < Events::most_waiting; i++) {
        publish("old");
    }
    Events::Listener fresh(events_, io_.get_executor(), everything);
    publish("new");
    EXPECT_EQ(slow.take_lost(), 1U);
    EXPECT_EQ(fresh.take_lost(), 0U);
    EXPECT_THAT(all(fresh), ElementsAre("new"));
}

TEST_F(EventsTest, CloseEndsTheWait) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    EventPtr event;
    spawn(io_, take(listener, 10min, event));
    io_.poll();
    listener.close();
    io_.run(); // It would take ten minutes.
    EXPECT_EQ(event, nullptr);
    EXPECT_TRUE(listener.is_closed());
}

TEST_F(EventsTest, AClosedListenerGivesNothingThoughEventsWait) {
    Events::Listener listener(events_, io_.get_executor(), everything);
    publish("1");
    listener.close();
    EXPECT_EQ(next(listener, 10min), nullptr);
}

TEST_F(EventsTest, WhatAListenerDoesNotWantIsNeitherToldNorLost) {
    Events::Listener listener(events_, io_.get_executor(),
                              [](const Event& event) { return event.group.uuid == "mine"; });
    pool::GroupFacts mine;
    mine.uuid = "mine";
    events_.publish({"health_changed", mine, {}, "first"});
    for (std::size_t i = 0; i < 2 * Events::most_waiting; i++) {
        publish("another's");
    }
    events_.publish({"health_changed", mine, {}, "second"});
    EXPECT_EQ(next(listener)->data, "first");
    EXPECT_EQ(next(listener)->data, "second");
    EXPECT_EQ(listener.take_lost(), 0U);
}

} // namespace
} // namespace gangway::health
