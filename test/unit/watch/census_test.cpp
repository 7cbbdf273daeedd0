#include "watch/census.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/pool_fake.hpp"

namespace gangway::watch {
namespace {

using pool::FakePool;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> gupids(const std::vector<Member>& members) {
    std::vector<std::string> result;
    result.reserve(members.size());
    for (const Member& member : members) {
        result.push_back(member.subject.gupid);
    }
    return result;
}

class CensusTest : public testing::Test {
  protected:
    CensusTest() {
        gangway_group& shop = pool_.add_group("shop", "shop-password");
        shop.has_user = 1;
        shop.uid = 1000;
        pool_.add_process(100, "s-1");
        pool_.add_process(101, "s-2");
        pool_.add_group("blog", "blog-password");
        pool_.add_process(200, "b-1");
    }

    Census::Changes update() { return census_.update(pool_.snapshot()); }

    FakePool pool_;
    Census census_;
};

TEST_F(CensusTest, KnowsNobodyBeforeTheFirstSnapshot) {
    EXPECT_TRUE(census_.members().empty());
    EXPECT_TRUE(census_.groups().empty());
}

TEST_F(CensusTest, TakesEverybodyForAttachedTheFirstTime) {
    const Census::Changes changes = update();
    EXPECT_THAT(gupids(changes.attached), ElementsAre("s-1", "s-2", "b-1"));
    EXPECT_THAT(changes.detached, IsEmpty());
    EXPECT_THAT(changes.restarted, IsEmpty());
    const Member& first = changes.attached.front();
    EXPECT_EQ(first.subject.pid, 100);
    EXPECT_EQ(first.subject.group, "shop");
    EXPECT_EQ(first.enabled, GANGWAY_PROCESS_ENABLED);
}

TEST_F(CensusTest, FindsNoChangeInTheSameSnapshot) {
    update();
    const Census::Changes changes = update();
    EXPECT_THAT(changes.attached, IsEmpty());
    EXPECT_THAT(changes.detached, IsEmpty());
    EXPECT_THAT(changes.restarted, IsEmpty());
    EXPECT_EQ(census_.members().size(), 3U);
}

TEST_F(CensusTest, TellsWhoCameAndWhoLeft) {
    update();
    FakePool later;
    later.add_group("shop", "shop-password");
    later.add_process(101, "s-2");
    later.add_process(102, "s-3");
    const Census::Changes changes = census_.update(later.snapshot());
    EXPECT_THAT(gupids(changes.attached), ElementsAre("s-3"));
    EXPECT_THAT(gupids(changes.detached), UnorderedElementsAre("s-1", "b-1"));
    for (const Member& member : changes.detached) {
        EXPECT_EQ(member.subject.group, member.subject.gupid == "s-1" ? "shop" : "blog");
    }
    EXPECT_THAT(census_.members(), testing::SizeIs(2));
    EXPECT_TRUE(census_.members().contains("s-2"));
    EXPECT_TRUE(census_.members().contains("s-3"));
}

TEST_F(CensusTest, TellsOfTwoProcessesWhenOneHasThePidOfAnother) {
    update();
    pool_.processes[0].gupid = pool_.keep("s-9");
    const Census::Changes changes = update();
    EXPECT_THAT(gupids(changes.attached), ElementsAre("s-9"));
    EXPECT_THAT(gupids(changes.detached), ElementsAre("s-1"));
}

TEST_F(CensusTest, TakesADetachedProcessForOneThatHasLeft) {
    update();
    pool_.processes[0].enabled = GANGWAY_PROCESS_DETACHED;
    EXPECT_THAT(gupids(update().detached), ElementsAre("s-1"));
    EXPECT_FALSE(census_.members().contains("s-1"));
    EXPECT_THAT(update().detached, IsEmpty()) << "it left twice";
}

TEST_F(CensusTest, DoesNotSeeAProcessThatIsDetachedFromTheStart) {
    pool_.processes[0].enabled = GANGWAY_PROCESS_DETACHED;
    EXPECT_THAT(gupids(update().attached), ElementsAre("s-2", "b-1"));
}

TEST_F(CensusTest, FollowsWhetherAProcessIsEnabled) {
    update();
    for (const auto state :
         {GANGWAY_PROCESS_DISABLING, GANGWAY_PROCESS_DISABLED, GANGWAY_PROCESS_ENABLED}) {
        pool_.processes[0].enabled = state;
        const Census::Changes changes = update();
        EXPECT_THAT(changes.attached, IsEmpty());
        EXPECT_THAT(changes.detached, IsEmpty());
        EXPECT_EQ(census_.members().at("s-1").enabled, state);
    }
}

TEST_F(CensusTest, TellsOfARestartByTheGroupsNewUuid) {
    update();
    pool_.groups[1].uuid = pool_.keep("another");
    EXPECT_THAT(update().restarted, ElementsAre("blog"));
    EXPECT_THAT(update().restarted, IsEmpty()) << "it was told twice";
}

TEST_F(CensusTest, TakesAGroupThatComesOrGoesForNoRestart) {
    update();
    FakePool later;
    later.add_group("wiki", "wiki-password");
    EXPECT_THAT(census_.update(later.snapshot()).restarted, IsEmpty());
    EXPECT_THAT(census_.groups(), testing::SizeIs(1));
    EXPECT_THAT(update().restarted, IsEmpty());
}

TEST_F(CensusTest, TellsWhichGroupsHaveGoneWithTheirFacts) {
    EXPECT_THAT(update().gone, IsEmpty());
    FakePool later;
    later.add_group("shop", "shop-password");
    const auto gone = census_.update(later.snapshot()).gone;
    ASSERT_THAT(gone, testing::SizeIs(1));
    EXPECT_EQ(gone.at("blog").password, "blog-password");
    EXPECT_THAT(census_.update(later.snapshot()).gone, IsEmpty());
}

TEST_F(CensusTest, KeepsTheFactsOfEachGroup) {
    update();
    const pool::GroupFacts& shop = census_.groups().at("shop");
    EXPECT_EQ(shop.uuid, "uuid-of-shop");
    EXPECT_EQ(shop.password, "shop-password");
    EXPECT_TRUE(shop.has_user);
    EXPECT_EQ(shop.uid, 1000U);
    const pool::GroupFacts& blog = census_.groups().at("blog");
    EXPECT_EQ(blog.password, "blog-password");
    EXPECT_FALSE(blog.has_user);
    pool_.groups[0].password = pool_.keep("new-password");
    update();
    EXPECT_EQ(census_.groups().at("shop").password, "new-password");
}

TEST_F(CensusTest, KeepsNothingOfGroupsThatHaveGone) {
    for (unsigned i = 0; i < 1000; i++) {
        FakePool pool;
        pool.add_group("group " + std::to_string(i), "password");
        pool.add_process(i, "gupid-" + std::to_string(i));
        census_.update(pool.snapshot());
        ASSERT_EQ(census_.groups().size(), 1U);
        ASSERT_EQ(census_.members().size(), 1U);
    }
    census_.update(FakePool().snapshot());
    EXPECT_TRUE(census_.groups().empty());
    EXPECT_TRUE(census_.members().empty());
}

} // namespace
} // namespace gangway::watch
