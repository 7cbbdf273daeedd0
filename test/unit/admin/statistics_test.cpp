#include "admin/statistics.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

std::string print(const Statistics& statistics, const config::Config& config,
                  std::size_t in_flight) {
    JsonWriter json;
    write_statistics(json, statistics, config, in_flight);
    return json.take();
}

TEST(Statistics, AreWrittenWithTheLimitsThatTheyCountAgainst) {
    Statistics statistics;
    statistics.started_usec = 1'795'414'034'000'001;
    statistics.connections_open = 1;
    statistics.connections_accepted = 2;
    statistics.connections_refused = 3;
    statistics.answered = 4;
    statistics.forwarded = 5;
    statistics.retried = 6;
    statistics.upgraded = 7;
    statistics.aborted = 8;
    statistics.bytes_to_processes = 9;
    statistics.bytes_from_processes = 10'000'000'000'000;
    config::Config config;
    config.max_connections = 11;
    config.max_requests = 12;
    config.max_requests_per_process = 13;
    EXPECT_EQ(print(statistics, config, 14),
              R"({"started_at":"2026-11-23T06:07:14.000001Z",)"
              R"("connections":{"open":1,"max":11,"accepted":2,"refused":3},)"
              R"("requests":{"in_flight":14,"max":12,"max_per_process":13,"answered":4,)"
              R"("forwarded":5,"retried":6,"upgraded":7,"aborted":8},)"
              R"("bytes":{"to_processes":9,"from_processes":10000000000000},"errors":{}})");
}

TEST(Statistics, NameTheErrorsThatOccurred) {
    Statistics statistics;
    statistics.count_error(Code::process_busy);
    statistics.count_error(Code::total_timeout);
    statistics.count_error(Code::bad_request);
    statistics.count_error(Code::process_busy);
    const std::string text = print(statistics, {}, 0);
    EXPECT_TRUE(text.ends_with(R"("errors":{"bad_request":1,"process_busy":2,"total_timeout":1}})"))
        << text;
}

} // namespace
} // namespace gangway::admin
