#include "gangway/base/json_text.hpp"
#include "gangway/commands/request/series_summary.hpp"
#include "gangway/commands/request/statistics.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <string>
#include <vector>

namespace gangway::command {
namespace {

std::vector<double> one_to(int last) {
    std::vector<double> values(static_cast<std::size_t>(last));
    std::iota(values.begin(), values.end(), 1.0);
    return values;
}

TEST(Percentile, IsTheNearestRankAndAlwaysAValueThatOccurred) {
    EXPECT_EQ(percentile(one_to(100), 50), 50);
    EXPECT_EQ(percentile(one_to(100), 99), 99);
    EXPECT_EQ(percentile(one_to(100), 100), 100);
    EXPECT_EQ(percentile(one_to(10), 95), 10);
    EXPECT_EQ(percentile(one_to(10), 90), 9);
    EXPECT_EQ(percentile(one_to(3), 50), 2);
    EXPECT_EQ(percentile(one_to(4), 50), 2);
    EXPECT_EQ(percentile({7.5}, 1), 7.5);
    EXPECT_EQ(percentile({7.5}, 99), 7.5);
}

RequestResult answered(double ms) {
    return {.failure = "",
            .status = 200,
            .latency = Milliseconds(ms),
            .sent_bytes = 10,
            .received_bytes = 100};
}

RequestResult failed(const std::string& word, unsigned status) {
    return {.failure = word,
            .status = status,
            .latency = Milliseconds(5000),
            .sent_bytes = 0,
            .received_bytes = 1};
}

TEST(RequestStatistics, TakesTheLatencyOfTheRequestsThatSucceededInWhateverOrder) {
    RequestStatistics statistics;
    for (const double ms : {4.0, 1.0, 3.0, 2.0}) {
        statistics.add(answered(ms));
    }
    statistics.add(failed("process_busy", 503));
    const auto latency = statistics.latency();
    ASSERT_TRUE(latency);
    EXPECT_EQ(latency->min_ms, 1);
    EXPECT_EQ(latency->mean_ms, 2.5);
    EXPECT_EQ(latency->p50_ms, 2);
    EXPECT_EQ(latency->p90_ms, 4);
    EXPECT_EQ(latency->p95_ms, 4);
    EXPECT_EQ(latency->p99_ms, 4);
    EXPECT_EQ(latency->max_ms, 4);
}

TEST(RequestStatistics, CountsFailuresByTheirWordAndAnswersByStatus) {
    RequestStatistics statistics;
    statistics.add(answered(1));
    statistics.add(failed("process_busy", 503));
    statistics.add(failed("process_busy", 503));
    statistics.add(failed("broken off", 200));
    statistics.add(failed("no answer", 0));
    EXPECT_EQ(statistics.requests(), 5U);
    EXPECT_EQ(statistics.failed(), 4U);
    EXPECT_EQ(statistics.failures(),
              (std::map<std::string, std::uint64_t>{
                  {"process_busy", 2}, {"broken off", 1}, {"no answer", 1}}));
    EXPECT_EQ(statistics.statuses(), (std::map<unsigned, std::uint64_t>{{200, 2}, {503, 2}}));
    EXPECT_EQ(statistics.sent_bytes(), 10U);
    EXPECT_EQ(statistics.received_bytes(), 104U);
}

TEST(RequestStatistics, KnowsNoLatencyWhereNothingSucceeded) {
    RequestStatistics statistics;
    EXPECT_FALSE(statistics.latency());
    statistics.add(failed("no answer", 0));
    EXPECT_FALSE(statistics.latency());
}

SeriesSummary summary_of(const std::vector<RequestResult>& results, std::uint64_t planned) {
    SeriesSummary summary{.statistics = {},
                          .planned = planned,
                          .concurrency = 2,
                          .duration = std::chrono::milliseconds(500)};
    for (const RequestResult& result : results) {
        summary.statistics.add(result);
    }
    return summary;
}

TEST(SummaryText, HasALineForEachFigure) {
    EXPECT_EQ(summary_text(summary_of({answered(1), answered(2), failed("process_busy", 503)}, 3)),
              "requests    3 in 0.50 s, 6.0/s, 2 at once\n"
              "failed      1: process_busy 1\n"
              "status      200: 2, 503: 1\n"
              "route       none\n"
              "latency     min 1.00  mean 1.50  p50 1.00  p90 2.00  p95 2.00  p99 2.00  max 2.00 "
              "ms\n"
              "bytes       20 B sent, 201 B received\n");
}

TEST(SummaryText, SaysByWhichRoutesTheAnswersCame) {
    RequestResult direct = answered(1);
    direct.route = "direct";
    RequestResult pool = answered(1);
    pool.route = "pool";
    const SeriesSummary summary = summary_of({direct, pool, direct}, 3);
    EXPECT_NE(summary_text(summary).find("\nroute       direct: 2, pool: 1\n"), std::string::npos);
    EXPECT_EQ((*parse_json(summary_json(summary)))["routes"]["direct"].asInt(), 2);
}

TEST(SummaryText, SaysHowManyWerePlannedWhereItEndedEarly) {
    const std::string text = summary_text(summary_of({}, 10));
    EXPECT_NE(text.find("0 of 10 in"), std::string::npos);
    EXPECT_NE(text.find("no request succeeded"), std::string::npos);
    EXPECT_NE(text.find("status      none"), std::string::npos);
}

TEST(SummaryJson, HasTheSameFigures) {
    const auto json =
        parse_json(summary_json(summary_of({answered(1.25), failed("process_busy", 503)}, 5)));
    ASSERT_TRUE(json);
    EXPECT_EQ((*json)["planned"].asInt(), 5);
    EXPECT_EQ((*json)["requests"].asInt(), 2);
    EXPECT_EQ((*json)["failed"].asInt(), 1);
    EXPECT_EQ((*json)["concurrency"].asInt(), 2);
    EXPECT_EQ((*json)["seconds"].asDouble(), 0.5);
    EXPECT_EQ((*json)["requests_per_second"].asDouble(), 4);
    EXPECT_EQ((*json)["failures"]["process_busy"].asInt(), 1);
    EXPECT_EQ((*json)["statuses"]["503"].asInt(), 1);
    EXPECT_TRUE((*json)["routes"].isObject());
    for (const char* name : {"min", "mean", "p50", "p90", "p95", "p99", "max"}) {
        EXPECT_EQ((*json)["latency_ms"][name].asDouble(), 1.25) << name;
    }
    EXPECT_EQ((*json)["bytes"]["sent"].asInt(), 10);
    EXPECT_EQ((*json)["bytes"]["received"].asInt(), 101);
}

TEST(SummaryJson, HasEveryMemberWhereNothingWasDone) {
    const auto json = parse_json(summary_json(summary_of({}, 5)));
    ASSERT_TRUE(json);
    EXPECT_TRUE((*json)["failures"].isObject());
    EXPECT_TRUE((*json)["statuses"].isObject());
    EXPECT_TRUE((*json).isMember("latency_ms") && (*json)["latency_ms"].isNull());
}

} // namespace
} // namespace gangway::command
