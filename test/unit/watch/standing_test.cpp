#include "watch/standing.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace gangway::watch {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t created = 1000;
constexpr Track::Time origin{};

// As a table writes them: h(ealthy), u(nhealthy), b(usy), s(kipped), over the pool; and over the
// debug socket w(ell), d(oing badly). l(ong busy): without being asked.
check::Result result(char letter) {
    check::Result result;
    result.route = letter == 'w' || letter == 'd'   ? check::direct_route
                   : letter == 'h' || letter == 'u' ? check::pool_route
                                                    : "";
    switch (letter) {
    case 'h':
    case 'w':
        result.verdict = check::Verdict::healthy;
        result.status = 200;
        break;
    case 'u':
    case 'd':
        result.verdict = check::Verdict::unhealthy;
        result.reason = check::Reason::reset;
        result.detail = "It closed.";
        break;
    case 'l':
        result.verdict = check::Verdict::unhealthy;
        result.reason = check::Reason::busy_too_long;
        break;
    case 'b':
        result.verdict = check::Verdict::busy;
        result.reason = check::Reason::busy;
        break;
    default:
        result.reason = check::Reason::disabled;
    }
    return result;
}

void add_each(Track& track, std::string_view letters, const Thresholds& thresholds = {}) {
    for (const char letter : letters) {
        track.add(result(letter), thresholds, origin, created + 1);
    }
}

struct StandingCase {
    const char* results;
    Standing standing;
    Thresholds thresholds = {};
};

void PrintTo(const StandingCase& c, std::ostream* out) {
    *out << '"' << c.results << "\" with rise " << c.thresholds.rise << ", fall "
         << c.thresholds.fall;
}

class AfterResults : public testing::TestWithParam<StandingCase> {};

TEST_P(AfterResults, TheStandingFollowsRiseAndFall) {
    Track track(created);
    add_each(track, GetParam().results, GetParam().thresholds);
    EXPECT_EQ(word(track.standing()), word(GetParam().standing));
}

INSTANTIATE_TEST_SUITE_P(
    Each, AfterResults,
    testing::Values(
        StandingCase{"", Standing::unknown}, StandingCase{"h", Standing::healthy},
        StandingCase{"u", Standing::unknown}, StandingCase{"uu", Standing::unknown},
        StandingCase{"uuu", Standing::unhealthy}, StandingCase{"uuh", Standing::healthy},
        StandingCase{"bs", Standing::unknown}, StandingCase{"hu", Standing::healthy},
        StandingCase{"huu", Standing::healthy}, StandingCase{"huuu", Standing::unhealthy},
        StandingCase{"huuhuu", Standing::healthy}, StandingCase{"huubsu", Standing::unhealthy},
        StandingCase{"uuuh", Standing::unhealthy}, StandingCase{"uuuhh", Standing::healthy},
        StandingCase{"uuuhuh", Standing::unhealthy}, StandingCase{"uuuhbsh", Standing::healthy},
        StandingCase{"uuuhhuu", Standing::healthy}, StandingCase{"uuuhhuuu", Standing::unhealthy},
        StandingCase{"hu", Standing::unhealthy, {1, 1}},
        StandingCase{"uh", Standing::healthy, {1, 1}},
        StandingCase{"u", Standing::unhealthy, {0, 0}},
        StandingCase{"uh", Standing::healthy, {0, 0}},
        StandingCase{"uhhh", Standing::unhealthy, {4, 1}},
        StandingCase{"uhhhh", Standing::healthy, {4, 1}}));

struct Confirmation {
    const char* results;
    bool confirmed;
    unsigned fall = 2;
};

void PrintTo(const Confirmation& c, std::ostream* out) {
    *out << '"' << c.results << "\" with fall " << c.fall;
}

class Confirmed : public testing::TestWithParam<Confirmation> {};

TEST_P(Confirmed, OnlyByFailuresThatDoNotDependOnTheRoute) {
    const Thresholds thresholds{1, GetParam().fall};
    Track track(created);
    add_each(track, GetParam().results, thresholds);
    EXPECT_EQ(track.is_confirmed(thresholds), GetParam().confirmed);
    if (GetParam().confirmed) {
        EXPECT_EQ(track.standing(), Standing::unhealthy);
    }
}

INSTANTIATE_TEST_SUITE_P(Each, Confirmed,
                         testing::Values(Confirmation{"", false}, Confirmation{"u", false},
                                         Confirmation{"uu", true}, Confirmation{"dd", false},
                                         Confirmation{"dddddddd", false}, Confirmation{"ud", false},
                                         Confirmation{"udu", true}, Confirmation{"ddu", false},
                                         Confirmation{"dduu", true}, Confirmation{"dll", true},
                                         Confirmation{"lu", true}, Confirmation{"ubsu", true},
                                         Confirmation{"uwu", false}, Confirmation{"uhu", false},
                                         Confirmation{"uuw", false}, Confirmation{"uuh", false},
                                         Confirmation{"hddddw", false}, Confirmation{"d", false, 1},
                                         Confirmation{"u", true, 1}, Confirmation{"", false, 0},
                                         Confirmation{"d", false, 0}, Confirmation{"u", true, 0}));

TEST(Track, TellsAChangeOnceWithTheReasonOfTheCheckThatTippedIt) {
    Track track(created);
    EXPECT_TRUE(track.add(result('h'), {}, origin, 2000).has_value());
    EXPECT_FALSE(track.add(result('u'), {}, origin, 3000).has_value());
    EXPECT_FALSE(track.add(result('u'), {}, origin, 4000).has_value());
    const auto change = track.add(result('u'), {}, origin, 5000);
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->from, Standing::healthy);
    EXPECT_EQ(change->to, Standing::unhealthy);
    EXPECT_EQ(change->reason, check::Reason::reset);
    EXPECT_EQ(change->detail, "It closed.");
    EXPECT_FALSE(track.add(result('u'), {}, origin, 6000).has_value());
    EXPECT_EQ(track.since_usec(), 5000U);
}

TEST(Track, IsUnknownSinceItsCreation) {
    const Track track(created);
    EXPECT_EQ(track.since_usec(), created);
    EXPECT_FALSE(track.last().has_value());
    EXPECT_TRUE(track.history().empty());
}

TEST(Track, KeepsTheReasonOfTheLatestFailureUntilItBecomesHealthyAgain) {
    Track track(created);
    add_each(track, "hu");
    EXPECT_EQ(track.reason(), check::Reason::reset);
    check::Result slow = result('u');
    slow.reason = check::Reason::read_timeout;
    track.add(slow, {}, origin, created);
    EXPECT_EQ(track.reason(), check::Reason::read_timeout);
    add_each(track, "bhs");
    EXPECT_EQ(track.reason(), check::Reason::read_timeout);
    add_each(track, "uuuhh");
    EXPECT_EQ(track.reason(), check::Reason::none);
}

TEST(Track, CountsChecksOfAnyVerdictAndFailures) {
    Track track(created);
    add_each(track, "hubsu");
    EXPECT_EQ(track.checks(), 5U);
    EXPECT_EQ(track.failures(), 2U);
}

TEST(Track, KeepsTheLastResultWhole) {
    Track track(created);
    add_each(track, "hu");
    ASSERT_TRUE(track.last().has_value());
    EXPECT_EQ(track.last()->detail, "It closed.");
}

TEST(SlowStart, CountsNoFailureOfACheckBegunBeforeItsEnd) {
    Track track(created, origin + 10s);
    for (int i = 0; i < 5; i++) {
        EXPECT_FALSE(track.add(result('u'), {}, origin + 10s - 1ns, created).has_value());
    }
    EXPECT_EQ(track.standing(), Standing::unknown);
    EXPECT_EQ(track.failures(), 5U);
    EXPECT_EQ(track.history().size(), 5U);
    EXPECT_EQ(track.reason(), check::Reason::reset);
    track.add(result('u'), {}, origin + 10s, created);
    track.add(result('u'), {}, origin + 11s, created);
    EXPECT_EQ(track.standing(), Standing::unknown);
    track.add(result('u'), {}, origin + 12s, created);
    EXPECT_EQ(track.standing(), Standing::unhealthy);
}

TEST(SlowStart, DelaysNoSuccess) {
    Track track(created, origin + 10s);
    add_each(track, "uh");
    EXPECT_EQ(track.standing(), Standing::healthy);
    add_each(track, "uuuu");
    EXPECT_EQ(track.standing(), Standing::healthy);
}

TEST(History, HasTheLastSixteenNewestLast) {
    Track track(created);
    for (unsigned i = 0; i < 40; i++) {
        check::Result each = result('h');
        each.checked_at_usec = i;
        track.add(each, {}, origin, created);
    }
    const auto history = track.history();
    ASSERT_EQ(history.size(), 16U);
    for (unsigned i = 0; i < 16; i++) {
        EXPECT_EQ(history[i].checked_at_usec, 24 + i);
    }
}

TEST(History, SaysOfEachCheckWhatCameOfIt) {
    Track track(created);
    track.add({check::Verdict::unhealthy,
               check::Reason::bad_status,
               "Status 503.",
               503,
               1234us,
               9,
               "pool",
               {},
               7},
              {}, origin, created);
    const auto history = track.history();
    ASSERT_EQ(history.size(), 1U);
    EXPECT_EQ(history[0].verdict, check::Verdict::unhealthy);
    EXPECT_EQ(history[0].reason, check::Reason::bad_status);
    EXPECT_EQ(history[0].status, 503U);
    EXPECT_EQ(history[0].latency, 1234us);
    EXPECT_EQ(history[0].checked_at_usec, 7U);
}

TEST(History, TakesALatencyItCannotHoldForTheNearestItCan) {
    Track track(created);
    check::Result each = result('h');
    each.latency = 2h;
    track.add(each, {}, origin, created);
    each.latency = -1us;
    track.add(each, {}, origin, created);
    EXPECT_EQ(track.history()[0].latency, PastCheck::Latency::max());
    EXPECT_EQ(track.history()[1].latency, 0us);
}

TEST(History, IsSmall) {
    EXPECT_LE(sizeof(PastCheck), 16U);
}

rc::Gen<std::string> letters() {
    return rc::gen::container<std::string>(rc::gen::element('h', 'u', 'b', 's'));
}

RC_GTEST_PROP(TrackProperties, BusyAndSkippedChangeNothingThatCounts, ()) {
    const std::string checks = *letters();
    const Thresholds thresholds{*rc::gen::inRange(1U, 5U), *rc::gen::inRange(1U, 5U)};
    Track with(created);
    Track without(created);
    for (const char letter : checks) {
        const auto change = with.add(result(letter), thresholds, origin, created);
        if (letter == 'h' || letter == 'u') {
            const auto expected = without.add(result(letter), thresholds, origin, created);
            RC_ASSERT(change.has_value() == expected.has_value());
        } else {
            RC_ASSERT(!change);
        }
        RC_ASSERT(with.standing() == without.standing());
        RC_ASSERT(with.reason() == without.reason());
        RC_ASSERT(with.failures() == without.failures());
    }
}

RC_GTEST_PROP(TrackProperties, AChangeIsToldWheneverTheStandingChanges, ()) {
    const Thresholds thresholds{*rc::gen::inRange(0U, 5U), *rc::gen::inRange(0U, 5U)};
    Track track(created);
    for (const char letter : *letters()) {
        const Standing before = track.standing();
        const auto change = track.add(result(letter), thresholds, origin, created);
        RC_ASSERT(change.has_value() == (track.standing() != before));
        if (change) { // RC_ASSERT() looks at both sides of ||.
            RC_ASSERT(change->from == before);
            RC_ASSERT(change->to == track.standing());
            RC_ASSERT(change->to != Standing::unknown);
        }
    }
}

} // namespace
} // namespace gangway::watch
