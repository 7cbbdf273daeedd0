#include "admin/admission.hpp"

#include <gtest/gtest.h>

#include "pool_fake.hpp"

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

TEST_F(AdmissionTest, AdmitsNobodyWhenThePoolCannotBeCopied) {
    EXPECT_CALL(pool_, snapshot()).WillRepeatedly(Invoke([] { return std::nullopt; }));
    EXPECT_FALSE(admission_.admits(Access::holder("shop-password-01")));
}

} // namespace
} // namespace gangway::admin
