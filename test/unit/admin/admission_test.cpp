#include "admin/admission.hpp"

#include <gtest/gtest.h>

#include "support/pool_fake.hpp"

namespace gangway::admin {
namespace {

using testing::Invoke;
using testing::StrictMock;

class AdmissionTest : public testing::Test {
  protected:
    AdmissionTest() { fake_.add_group("shop", "shop-password-01"); }

    pool::FakePool fake_;
    StrictMock<pool::MockPool> pool_;
    Admission admission_{pool_};
};

TEST_F(AdmissionTest, AsksThePoolNothingForAnAdministratorOrNobody) {
    EXPECT_TRUE(admission_.admits(Access::full()));
    EXPECT_TRUE(admission_.admits(Access::readonly()));
    EXPECT_FALSE(admission_.admits(Access::none()));
}

TEST_F(AdmissionTest, AdmitsThePasswordOfAGroupAndNoOther) {
    EXPECT_CALL(pool_, snapshot()).WillRepeatedly(Invoke([&] { return fake_.snapshot(); }));
    EXPECT_TRUE(admission_.admits(Access::holder("shop-password-01")));
    EXPECT_FALSE(admission_.admits(Access::holder("shop-password-02")));
    EXPECT_FALSE(admission_.admits(Access::user(0)));
}

TEST_F(AdmissionTest, TakesOneSnapshotForManyWrongGuesses) {
    EXPECT_CALL(pool_, snapshot()).WillOnce(Invoke([&] { return fake_.snapshot(); }));
    for (int guess = 0; guess < 50; guess++) {
        EXPECT_FALSE(admission_.admits(Access::holder("guess-" + std::to_string(guess))));
    }
}

TEST_F(AdmissionTest, HandsOnTheSnapshotThatItTookForThisRequestOnce) {
    EXPECT_CALL(pool_, snapshot()).Times(2).WillRepeatedly(Invoke([&] {
        return fake_.snapshot();
    }));
    EXPECT_FALSE(admission_.take_new().has_value());
    EXPECT_TRUE(admission_.admits(Access::holder("shop-password-01")));
    const auto taken = admission_.take_new();
    ASSERT_TRUE(taken.has_value());
    EXPECT_EQ(taken->groups().size(), 1U);
    EXPECT_FALSE(admission_.take_new().has_value());
    EXPECT_TRUE(admission_.admits(Access::holder("shop-password-01"))); // takes another
}

TEST_F(AdmissionTest, HandsOnNoSnapshotThatIsOfAnotherRequest) {
    EXPECT_CALL(pool_, snapshot()).WillOnce(Invoke([&] { return fake_.snapshot(); }));
    EXPECT_FALSE(admission_.admits(Access::holder("a guess")));
    EXPECT_TRUE(admission_.admits(Access::holder("shop-password-01"))); // by the same
    EXPECT_FALSE(admission_.take_new().has_value());
    EXPECT_TRUE(admission_.admits(Access::full()));
    EXPECT_FALSE(admission_.take_new().has_value());
}

// A client may take a minute for its body, and processes come and go.
TEST_F(AdmissionTest, HandsOnNoSnapshotThatHasGrownOld) {
    EXPECT_CALL(pool_, snapshot()).WillOnce(Invoke([&] { return fake_.snapshot(); }));
    const Admission::Clock::time_point now{std::chrono::hours(1)};
    EXPECT_TRUE(admission_.admits(Access::holder("shop-password-01"), now));
    EXPECT_FALSE(admission_.take_new(now + Admission::max_age + std::chrono::milliseconds(1)));
}

TEST_F(AdmissionTest, AdmitsAProcessesOwnPasswordAsLongAsThePoolHasTheProcess) {
    pool::ScriptedProcess process;
    EXPECT_CALL(pool_, find)
        .WillOnce(Invoke([&](const gangway_process_id& id) {
            EXPECT_EQ(pool::view(id.gupid), "1c89a24-aaaa");
            EXPECT_EQ(id.pid, 0);
            return std::make_unique<pool::ScriptedRef>(process);
        }))
        .WillOnce(Invoke([](const gangway_process_id&) { return nullptr; }));
    const Access access = Access::process("1c89a24-aaaa");
    EXPECT_TRUE(admission_.admits(access));
    EXPECT_FALSE(admission_.admits(access)); // At once: not by what a snapshot says still.
}

TEST_F(AdmissionTest, AdmitsNobodyWhenThePoolCannotBeCopied) {
    EXPECT_CALL(pool_, snapshot()).WillRepeatedly(Invoke([] { return std::nullopt; }));
    EXPECT_FALSE(admission_.admits(Access::holder("shop-password-01")));
}

} // namespace
} // namespace gangway::admin
