#include "forward/in_flight.hpp"

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
    requests::Own own;
    InFlight in_flight(own, 9, 9);
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
    requests::Own own;
    InFlight in_flight(own, 3, 3);
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
    requests::Own own;
    InFlight in_flight(own, 9, 2);
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
    requests::Own own;
    InFlight in_flight(own, 2, 1);
    const auto first = in_flight.enter("a", "GET", "/", For::others);
    const auto second = in_flight.enter("b", "GET", "/", For::others);
    EXPECT_EQ(refusal(in_flight.enter("c", "GET", "/", For::others)), Code::too_many_requests);
    const auto trusted = in_flight.enter("a", "GET", "/", For::trusted);
    EXPECT_FALSE(refusal(trusted));
    EXPECT_EQ(refusal(in_flight.enter("a", "GET", "/", For::trusted)), Code::process_overloaded);
    EXPECT_EQ(in_flight.size(), 3U);
}

TEST(InFlight, TellsOfAllRequestsBeforeThoseToOneProcess) {
    requests::Own own;
    InFlight in_flight(own, 1, 1);
    const auto first = in_flight.enter("a", "GET", "/", For::others);
    EXPECT_EQ(refusal(in_flight.enter("a", "GET", "/", For::others)), Code::too_many_requests);
}

TEST(InFlight, AbortsWhatDoesNotEndByItselfOfThatProcessAlone) {
    requests::Own own;
    InFlight in_flight(own, 9, 9);
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
    requests::Own own;
    InFlight in_flight(own, 9, 9);
    auto upgrade = in_flight.enter("a", "GET", "/", For::others);
    in_flight.abort_long_running("a");
    int aborted = 0;
    const InFlight::LongRunning long_running(*upgrade, [&aborted] { aborted++; });
    EXPECT_EQ(aborted, 1);
}

} // namespace
} // namespace gangway::forward
