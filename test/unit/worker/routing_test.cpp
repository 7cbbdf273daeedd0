#include "worker/routing.hpp"

#include <gtest/gtest.h>

namespace gangway::worker {
namespace {

struct StepCase {
    Situation situation;
    Step step;
};

class NextStep : public testing::TestWithParam<StepCase> {};

TEST_P(NextStep, FollowsFromTheSituation) {
    EXPECT_EQ(next_step(GetParam().situation), GetParam().step);
}

// wanted, direct_possible, was_busy, time_is_up
INSTANTIATE_TEST_SUITE_P(
    Each, NextStep,
    testing::Values(StepCase{{check::Route::pool, true, false, false}, Step::open_session},
                    StepCase{{check::Route::pool, true, false, true}, Step::open_session},
                    StepCase{{check::Route::pool, true, true, false}, Step::pause},
                    StepCase{{check::Route::pool, false, true, false}, Step::pause},
                    StepCase{{check::Route::pool, true, true, true}, Step::busy},
                    StepCase{{check::Route::automatic, true, false, false}, Step::open_session},
                    StepCase{{check::Route::automatic, true, true, false}, Step::go_direct},
                    StepCase{{check::Route::automatic, true, true, true}, Step::go_direct},
                    StepCase{{check::Route::automatic, false, true, false}, Step::pause},
                    StepCase{{check::Route::automatic, false, true, true}, Step::busy},
                    StepCase{{check::Route::direct, true, false, false}, Step::go_direct},
                    StepCase{{check::Route::direct, false, false, false}, Step::unavailable}));

struct Way {
    Asked asked;
    Obstacle obstacle;
};

class ObstacleToDirect : public testing::TestWithParam<Way> {};

TEST_P(ObstacleToDirect, FollowsFromWhatIsAsked) {
    const Way& way = GetParam();
    EXPECT_EQ(obstacle_to_direct(way.asked), way.obstacle) << way.asked.target;
    EXPECT_EQ(explain(way.obstacle).empty(), way.obstacle == Obstacle::none);
}

// has_debug_socket, has_body, method, target, base_uri
INSTANTIATE_TEST_SUITE_P(
    Each, ObstacleToDirect,
    testing::Values(Way{{true, false, "GET", "/", "/"}, Obstacle::none},
                    Way{{true, false, "Propfind", "/x?y", "/"}, Obstacle::none},
                    Way{{true, false, "OPTIONS", "*", "/sub"}, Obstacle::none},
                    Way{{false, false, "GET", "/", "/"}, Obstacle::no_debug_socket},
                    Way{{false, true, "M-SEARCH", "/sub", "/sub"}, Obstacle::no_debug_socket},
                    Way{{true, true, "GET", "/", "/"}, Obstacle::body},
                    Way{{true, false, "M-SEARCH", "/", "/"}, Obstacle::method},
                    Way{{true, false, "A1", "/", "/"}, Obstacle::method},
                    Way{{true, false, "GET", "/sub", "/sub"}, Obstacle::base_uri},
                    Way{{true, false, "GET", "/sub/x", "/sub"}, Obstacle::base_uri},
                    // As Passenger compares them: bytes, wherever a segment ends.
                    Way{{true, false, "GET", "/subway", "/sub"}, Obstacle::base_uri},
                    Way{{true, false, "GET", "/sub?x", "/sub"}, Obstacle::base_uri},
                    Way{{true, false, "GET", "/x?/sub", "/sub"}, Obstacle::none},
                    Way{{true, false, "GET", "/su?b", "/su?b"}, Obstacle::none},
                    Way{{true, false, "GET", "/%73ub", "/sub"}, Obstacle::none},
                    Way{{true, false, "GET", "/su", "/sub"}, Obstacle::none},
                    Way{{true, false, "GET", "/x", ""}, Obstacle::none}));

TEST(Route, HasThreeWords) {
    EXPECT_EQ(check::parse_route("auto"), check::Route::automatic);
    EXPECT_EQ(check::parse_route("pool"), check::Route::pool);
    EXPECT_EQ(check::parse_route("direct"), check::Route::direct);
    EXPECT_FALSE(check::parse_route("Auto").has_value());
    EXPECT_FALSE(check::parse_route("").has_value());
}

TEST(Pause, GrowsFromOneMillisecondToTwentyAndAfterASecondToAHundred) {
    EXPECT_EQ(pause_before(1).count(), 1);
    EXPECT_EQ(pause_before(2).count(), 2);
    EXPECT_EQ(pause_before(3).count(), 4);
    EXPECT_EQ(pause_before(50).count(), 20);
    EXPECT_EQ(pause_before(51).count(), 100);
}

} // namespace
} // namespace gangway::worker
