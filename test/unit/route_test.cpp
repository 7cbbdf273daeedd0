#include "forward/route.hpp"

#include <gtest/gtest.h>

namespace gangway::forward {
namespace {

struct Case {
    Situation situation;
    Step step;
};

class NextStep : public testing::TestWithParam<Case> {};

TEST_P(NextStep, FollowsFromTheSituation) {
    EXPECT_EQ(next_step(GetParam().situation), GetParam().step);
}

// wanted, has_body, has_debug_socket, was_busy, time_is_up
INSTANTIATE_TEST_SUITE_P(
    Each, NextStep,
    testing::Values(Case{{Route::pool, false, true, false, false}, Step::open_session},
                    Case{{Route::pool, false, true, false, true}, Step::open_session},
                    Case{{Route::pool, false, true, true, false}, Step::pause},
                    Case{{Route::pool, true, false, true, false}, Step::pause},
                    Case{{Route::pool, false, true, true, true}, Step::busy},
                    Case{{Route::automatic, false, true, false, false}, Step::open_session},
                    Case{{Route::automatic, false, true, true, false}, Step::go_direct},
                    Case{{Route::automatic, true, true, true, false}, Step::pause},
                    Case{{Route::automatic, false, false, true, false}, Step::pause},
                    Case{{Route::automatic, true, true, true, true}, Step::busy},
                    Case{{Route::direct, false, true, false, false}, Step::go_direct},
                    Case{{Route::direct, true, true, false, false}, Step::unavailable},
                    Case{{Route::direct, false, false, false, false}, Step::unavailable}));

TEST(Route, HasThreeWords) {
    EXPECT_EQ(parse_route("auto"), Route::automatic);
    EXPECT_EQ(parse_route("pool"), Route::pool);
    EXPECT_EQ(parse_route("direct"), Route::direct);
    EXPECT_FALSE(parse_route("Auto").has_value());
    EXPECT_FALSE(parse_route("").has_value());
}

TEST(Pause, GrowsFromOneMillisecondToTwentyAndAfterASecondToAHundred) {
    EXPECT_EQ(pause_before(1).count(), 1);
    EXPECT_EQ(pause_before(2).count(), 2);
    EXPECT_EQ(pause_before(3).count(), 4);
    EXPECT_EQ(pause_before(50).count(), 20);
    EXPECT_EQ(pause_before(51).count(), 100);
}

} // namespace
} // namespace gangway::forward
