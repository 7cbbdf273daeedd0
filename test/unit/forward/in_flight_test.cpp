#include "forward/in_flight.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace gangway::forward {
namespace {

using Ticket = InFlight::Ticket;
using For = InFlight::For;

// The code of the problem; nothing for a ticket.
std::optional<Code> refusal(const Result<Ticket>& entered) {
    return entered ? std::nullopt : std::optional(entered.error().code);
}

TEST(InFlight, CountsARequestForAsLongAsItsTicketLives) {
    InFlight in_flight(9, 9);
    EXPECT_EQ(in_flight.size(), 0U);
    {
        auto first = in_flight.enter("a", "GET", "/", For::others);
        EXPECT_EQ(in_flight.size(), 1U);
        const Ticket moved = std::move(*first);
        EXPECT_EQ(in_flight.size(), 1U);
        const auto second = in_flight.enter("a", "GET", "/", For::others);
        EXPECT_EQ(in_flight.size(), 2U);
    }
    EXPECT_EQ(in_flight.size(), 0U);
}

TEST(InFlight, RefusesMoreThanItMay) {
    InFlight in_flight(3, 3);
    std::optional<Result<Ticket>> first(in_flight.enter("a", "GET", "/", For::others));
    const auto second = in_flight.enter("b", "GET", "/", For::others);
    const auto third = in_flight.enter("c", "GET", "/", For::others);
    const auto fourth = in_flight.enter("d", "GET", "/", For::others);
    EXPECT_FALSE(refusal(third));
    EXPECT_EQ(refusal(fourth), Code::too_many_requests);
    EXPECT_NE(fourth.error().detail.find("3 "), std::string::npos);
    EXPECT_EQ(in_flight.size(), 3U);
    first.reset();
    EXPECT_FALSE(refusal(in_flight.enter("d", "GET", "/", For::others)));
}

TEST(InFlight, RefusesMoreToOneProcessThanItMay) {
    InFlight in_flight(9, 2);
    const auto first = in_flight.enter("a", "GET", "/", For::others);
    std::optional<Result<Ticket>> second(in_flight.enter("a", "GET", "/", For::others));
    const auto third = in_flight.enter("a", "GET", "/", For::others);
    EXPECT_EQ(refusal(third), Code::process_overloaded);
    EXPECT_NE(third.error().detail.find("2 "), std::string::npos);
    EXPECT_FALSE(refusal(in_flight.enter("b", "GET", "/", For::others)));
    second.reset();
    EXPECT_FALSE(refusal(in_flight.enter("a", "GET", "/", For::others)));
}

TEST(InFlight, KeepsRoomForThoseWhoReachAllGroups) {
    InFlight in_flight(2, 1);
    const auto first = in_flight.enter("a", "GET", "/", For::others);
    const auto second = in_flight.enter("b", "GET", "/", For::others);
    EXPECT_EQ(refusal(in_flight.enter("c", "GET", "/", For::others)), Code::too_many_requests);
    const auto trusted = in_flight.enter("a", "GET", "/", For::trusted);
    EXPECT_FALSE(refusal(trusted));
    EXPECT_EQ(refusal(in_flight.enter("a", "GET", "/", For::trusted)), Code::process_overloaded);
    EXPECT_EQ(in_flight.size(), 3U);
}

TEST(InFlight, TellsOfAllRequestsBeforeThoseToOneProcess) {
    InFlight in_flight(1, 1);
    const auto first = in_flight.enter("a", "GET", "/", For::others);
    EXPECT_EQ(refusal(in_flight.enter("a", "GET", "/", For::others)), Code::too_many_requests);
}

TEST(InFlight, ShowsTheRequestsThatAProcessIsServingOldestFirst) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    using std::chrono::system_clock;
    const auto now = [] {
        return static_cast<std::uint64_t>(
            duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
    };
    InFlight in_flight(9, 9);
    const std::uint64_t before = now();
    std::optional<Result<Ticket>> first(
        in_flight.enter("a", "GET", "/first?secret=1?2", For::others));
    auto waiting = in_flight.enter("a", "GET", "/waiting", For::others);
    auto other = in_flight.enter("b", "GET", "/other", For::others);
    auto second = in_flight.enter("a", "POST", "/second", For::others);
    const std::uint64_t after = now();
    EXPECT_TRUE(in_flight.requests_to("a").empty());

    second->now_serving();
    (*first)->now_serving();
    other->now_serving();
    const auto requests = in_flight.requests_to("a");
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].method, "GET");
    EXPECT_EQ(requests[0].path, "/first");
    EXPECT_EQ(requests[1].method, "POST");
    EXPECT_EQ(requests[1].path, "/second");
    EXPECT_LE(before, requests[0].since_usec);
    EXPECT_LE(requests[0].since_usec, requests[1].since_usec);
    EXPECT_LE(requests[1].since_usec, after);
    EXPECT_EQ(in_flight.requests_to("b").size(), 1U);
    EXPECT_TRUE(in_flight.requests_to("c").empty());

    first.reset();
    EXPECT_EQ(in_flight.requests_to("a").size(), 1U);
}

// What many callers choose, and one is told, is a product: 64 requests of 64 KiB each.
TEST(InFlight, ShowsOfLongRequestsNoMoreThanOneReads) {
    InFlight in_flight(9, 9);
    const std::string path = "/" + std::string(60'000, 'x');
    const std::string target = path + "?q";
    auto request = in_flight.enter("a", path, target, For::others);
    request->now_serving();
    const auto shown = in_flight.requests_to("a");
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].path, path.substr(0, 1024) + "...[58977 bytes more]");
    EXPECT_EQ(shown[0].method, path.substr(0, 64) + "...[59937 bytes more]");
}

TEST(InFlight, AbortsWhatDoesNotEndByItselfOfThatProcessAlone) {
    InFlight in_flight(9, 9);
    auto tunnel = in_flight.enter("a", "GET", "/", For::others);
    const auto request = in_flight.enter("a", "GET", "/", For::others);
    auto elsewhere = in_flight.enter("b", "GET", "/", For::others);
    int aborted = 0;
    const InFlight::LongRunning other(*elsewhere, [&aborted] { aborted += 10; });
    {
        const InFlight::LongRunning long_running(*tunnel, [&aborted] { aborted++; });
        in_flight.abort_long_running("a");
        EXPECT_EQ(aborted, 1);
    }
    in_flight.abort_long_running("a");
    EXPECT_EQ(aborted, 1);
}

TEST(InFlight, AbortsWhatBecomesLongRunningOnceItsProcessIsToLeave) {
    InFlight in_flight(9, 9);
    auto upgrade = in_flight.enter("a", "GET", "/", For::others);
    in_flight.abort_long_running("a");
    int aborted = 0;
    const InFlight::LongRunning long_running(*upgrade, [&aborted] { aborted++; });
    EXPECT_EQ(aborted, 1);
}

} // namespace
} // namespace gangway::forward
