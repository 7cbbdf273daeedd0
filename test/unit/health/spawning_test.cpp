#include "health/spawning.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/health_fakes.hpp"
#include "support/pool_fake.hpp"

namespace gangway::health {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SpawningTest : public testing::Test {
  protected:
    SpawningTest() {
        fake_.add_group("shop", "a");
        fake_.add_group("blog", "b");
        ON_CALL(pool_, snapshot()).WillByDefault([this] { return fake_.snapshot(); });
    }

    void fails(const std::string& group, std::uint64_t at, const std::string& why = "no database") {
        spawning_.note({{group, "uuid-of-" + group, why, at}});
    }
    void succeeds(const std::string& group, std::uint64_t at) {
        spawning_.note({{group, "uuid-of-" + group, "", at}});
    }
    const SpawnError* error_of(const std::string& name) {
        for (const gangway_group& group : fake_.groups) {
            if (pool::view(group.name) == name) {
                return spawning_.error_of(group);
            }
        }
        return nullptr;
    }

    net::io_context io_;
    pool::FakePool fake_;
    testing::NiceMock<pool::MockPool> pool_;
    Events events_;
    KeptLog log_;
    Spawning spawning_{pool_, events_, log_.log()};
};

TEST_F(SpawningTest, KeepsTheLatestReasonAndSinceWhenUntilOneIsStarted) {
    EXPECT_EQ(error_of("shop"), nullptr);
    fails("shop", 1'000'000, "no database");
    fails("blog", 2'000'000);
    fails("shop", 3'000'000, "no disk");
    const SpawnError* error = error_of("shop");
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->message, "no disk");
    EXPECT_EQ(error->since_usec, 1'000'000U);
    EXPECT_EQ(error->latest_usec, 3'000'000U);
    EXPECT_EQ(error->attempts, 2U);
    succeeds("shop", 4'000'000);
    EXPECT_EQ(error_of("shop"), nullptr);
    EXPECT_NE(error_of("blog"), nullptr);
    fails("shop", 5'000'000);
    EXPECT_EQ(error_of("shop")->since_usec, 5'000'000U);
    EXPECT_EQ(error_of("shop")->attempts, 1U);
}

TEST_F(SpawningTest, LogsTheFirstFailureAndTheRecovery) {
    succeeds("shop", 1);
    EXPECT_THAT(log_.lines(), IsEmpty());
    fails("shop", 2);
    fails("shop", 3);
    succeeds("shop", 4);
    succeeds("shop", 5);
    EXPECT_THAT(log_.lines(), ElementsAre("no process of shop can be started: no database",
                                          "a process of shop was started, after 2 failures"));
}

TEST_F(SpawningTest, TellsListenersOfEachFailureWithWhomTheGroupMayBeToldTo) {
    Events::Listener listener(events_, io_.get_executor(),
                              [](const Event& event) { return event.group.password == "a"; });
    fails("blog", 1'000'000);
    fails("shop", 2'000'000);
    fails("shop", 3'000'000);
    succeeds("shop", 4'000'000);
    auto event = listener.next_now();
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->name, "spawn_failed");
    EXPECT_EQ(event->gupid, "");
    EXPECT_EQ(event->data, R"({"at":"1970-01-01T00:00:02.000000Z","group":"shop",)"
                           R"("message":"no database",)"
                           R"("since":"1970-01-01T00:00:02.000000Z","attempts":1})");
    event = listener.next_now();
    ASSERT_NE(event, nullptr);
    EXPECT_THAT(event->data, HasSubstr(R"("attempts":2)"));
    event = listener.next_now();
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->name, "spawn_recovered");
    EXPECT_EQ(event->data, R"({"at":"1970-01-01T00:00:04.000000Z","group":"shop",)"
                           R"("since":"1970-01-01T00:00:02.000000Z","attempts":2})");
    EXPECT_EQ(listener.next_now(), nullptr);
}

TEST_F(SpawningTest, ForgetsGroupsThatAreGone) {
    fails("shop", 1);
    const gangway_group shop = fake_.groups.front();
    fake_.groups.erase(fake_.groups.begin());
    fails("blog", 2);
    EXPECT_EQ(spawning_.error_of(shop), nullptr);
    EXPECT_NE(error_of("blog"), nullptr);
}

TEST_F(SpawningTest, KnowsNothingOfAGroupAfterItsRestart) {
    fails("shop", 1);
    fake_.groups.front().uuid = fake_.keep("uuid-2");
    EXPECT_EQ(error_of("shop"), nullptr);
    fails("shop", 2); // An attempt of before, which Passenger drops.
    EXPECT_EQ(error_of("shop"), nullptr);
    spawning_.note({{"shop", "uuid-2", "no disk", 3}});
    ASSERT_NE(error_of("shop"), nullptr);
    EXPECT_EQ(error_of("shop")->since_usec, 3U);
    EXPECT_EQ(error_of("shop")->attempts, 1U);
    succeeds("shop", 4); // Of before, too.
    EXPECT_NE(error_of("shop"), nullptr);
}

TEST_F(SpawningTest, ForgetsAnErrorAlsoWhereThePoolCannotBeSeen) {
    fails("shop", 1);
    EXPECT_CALL(pool_, snapshot()).WillRepeatedly([] { return std::nullopt; });
    succeeds("shop", 2);
    EXPECT_EQ(error_of("shop"), nullptr);
}

TEST_F(SpawningTest, LooksAtThePoolOnceForMany) {
    EXPECT_CALL(pool_, snapshot()).Times(1);
    const Spawn failed{"shop", "uuid-of-shop", "no database", 1};
    spawning_.note(std::vector<Spawn>(100, failed));
    EXPECT_EQ(error_of("shop")->attempts, 100U);
}

TEST_F(SpawningTest, DoesNotLookAtThePoolWhereAllIsWell) {
    EXPECT_CALL(pool_, snapshot()).Times(0);
    succeeds("shop", 1);
}

TEST_F(SpawningTest, KeepsOnlySoMuchOfAMessage) {
    fails("shop", 1, std::string(Spawning::most_message_bytes - 1, 'x') + "\u00e4");
    EXPECT_EQ(error_of("shop")->message, std::string(Spawning::most_message_bytes - 1, 'x'));
}

} // namespace
} // namespace gangway::health
