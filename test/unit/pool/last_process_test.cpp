// A client's last process is held on to, and only while it is still the one that is meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/last_process.hpp"
#include "support/pool_fake.hpp"

namespace gangway::pool {
namespace {

class LastProcessTest : public ::testing::Test {
  protected:
    LastProcessTest() {
        ON_CALL(pool_, find).WillByDefault([this](const gangway_process_id& /*id*/) {
            return std::make_unique<ScriptedRef>(in_the_pool_);
        });
    }

    std::unique_ptr<ProcessRef> find(std::string_view text = "101", std::int32_t pid = 101) {
        return last_.find(text, {pid, {nullptr, 0}});
    }
    void keep_another() { last_.keep("101", std::make_unique<ScriptedRef>(kept_)); }

    ScriptedProcess in_the_pool_;
    ScriptedProcess kept_;
    ::testing::StrictMock<MockPool> pool_;
    LastProcess last_{pool_};
};

TEST_F(LastProcessTest, ThePoolIsNotLookedThroughAgainForTheSameProcess) {
    keep_another();
    const auto found = find();
    EXPECT_EQ(kept_.references, 1U);
}

TEST_F(LastProcessTest, WhatWasTakenIsNotThereTwice) {
    keep_another();
    const auto first = find();
    EXPECT_CALL(pool_, find);
    const auto second = find();
    EXPECT_EQ(kept_.references, 1U);
    EXPECT_EQ(in_the_pool_.references, 1U);
}

TEST_F(LastProcessTest, AnotherIdIsLookedForAndTheLastLetGo) {
    keep_another();
    EXPECT_CALL(pool_, find);
    const auto found = find("102", 102);
    EXPECT_EQ(kept_.references, 0U);
    EXPECT_EQ(in_the_pool_.references, 1U);
}

TEST_F(LastProcessTest, OneThatWasForgottenIsLookedForAgain) {
    keep_another();
    last_.forget();
    EXPECT_EQ(kept_.references, 0U);
    EXPECT_CALL(pool_, find);
    EXPECT_NE(find(), nullptr);
}

struct Gone {
    const char* how;
    gangway_status status;
    gangway_process_life life;
    gangway_process_enabled enabled;
};

std::ostream& operator<<(std::ostream& out, const Gone& gone) {
    return out << gone.how;
}

class OneThatIsGoing : public LastProcessTest, public ::testing::WithParamInterface<Gone> {};

TEST_P(OneThatIsGoing, IsLookedForAgainSinceItsPidMayBeAnothers) {
    kept_.state_status = GetParam().status;
    kept_.state.life = GetParam().life;
    kept_.state.enabled = GetParam().enabled;
    keep_another();
    EXPECT_CALL(pool_, find);
    const auto found = find();
    EXPECT_EQ(kept_.references, 0U);
    EXPECT_EQ(in_the_pool_.references, 1U);
}

INSTANTIATE_TEST_SUITE_P(LastProcess, OneThatIsGoing,
                         ::testing::Values(Gone{"dead", GANGWAY_NOT_FOUND, GANGWAY_PROCESS_ALIVE,
                                                GANGWAY_PROCESS_ENABLED},
                                           Gone{"shutting down", GANGWAY_OK,
                                                GANGWAY_PROCESS_SHUTDOWN_TRIGGERED,
                                                GANGWAY_PROCESS_ENABLED},
                                           Gone{"detached", GANGWAY_OK, GANGWAY_PROCESS_ALIVE,
                                                GANGWAY_PROCESS_DETACHED}));

} // namespace
} // namespace gangway::pool
