#include "endpoints/health_writer.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::endpoints {
namespace {

using check::Reason;
using check::Verdict;
using std::chrono::microseconds;

constexpr std::uint64_t nine_o_clock = 1'795'597'200'000'000; // 2026-11-25

std::string seconds(microseconds duration) {
    JsonWriter json;
    write_seconds(json, duration);
    return json.take();
}

std::string written(const check::Result& result) {
    JsonWriter json;
    write_result(json, {20387, "gupid-a", "/srv/shop (production)"}, result);
    return json.take();
}

TEST(HealthWriter, WritesSecondsWithSixDigits) {
    EXPECT_EQ(seconds(microseconds(0)), "0.000000");
    EXPECT_EQ(seconds(microseconds(1)), "0.000001");
    EXPECT_EQ(seconds(microseconds(1234)), "0.001234");
    EXPECT_EQ(seconds(microseconds(999'999)), "0.999999");
    EXPECT_EQ(seconds(microseconds(1'000'000)), "1.000000");
    EXPECT_EQ(seconds(microseconds(3'600'000'001)), "3600.000001");
}

TEST(HealthWriter, WritesAHealthyProcessWithNothingToComplainAbout) {
    check::Result result;
    result.verdict = Verdict::healthy;
    result.status = 200;
    result.latency = microseconds(1234);
    result.body_bytes = 12;
    result.route = "pool";
    result.checked_at_usec = nine_o_clock;
    EXPECT_EQ(written(result),
              R"~({"pid":20387,"gupid":"gupid-a","group":"/srv/shop (production)",)~"
              R"~("state":"healthy","reason":null,"detail":null,"status":200,)~"
              R"~("latency_seconds":0.001234,"body_bytes":12,"route":"pool","busy_since":null,)~"
              R"~("checked_at":"2026-11-25T09:00:00.000000Z"})~");
}

TEST(HealthWriter, WritesWhyAProcessIsUnhealthyThatWasAskedAndDidNotAnswer) {
    check::Result result;
    result.verdict = Verdict::unhealthy;
    result.reason = Reason::first_byte_timeout;
    result.detail = "It says \"nothing\".";
    result.latency = microseconds(0);
    result.route = "direct";
    result.checked_at_usec = nine_o_clock;
    EXPECT_EQ(written(result),
              R"~({"pid":20387,"gupid":"gupid-a","group":"/srv/shop (production)",)~"
              R"~("state":"unhealthy","reason":"first_byte_timeout",)~"
              R"~("detail":"It says \"nothing\".","status":null,)~"
              R"~("latency_seconds":0.000000,"body_bytes":0,"route":"direct","busy_since":null,)~"
              R"~("checked_at":"2026-11-25T09:00:00.000000Z"})~");
}

TEST(HealthWriter, WritesNoLatencyOfAProcessThatWasNotAsked) {
    check::Result result;
    result.verdict = Verdict::busy;
    result.reason = Reason::busy;
    result.detail = "The process serves 1 request.";
    result.busy_since_usec = nine_o_clock - 1'500'000;
    result.requests = {{"GET", "/hang", "203.0.113.9", nine_o_clock - 1'500'000}};
    result.checked_at_usec = nine_o_clock;
    EXPECT_EQ(written(result),
              R"~({"pid":20387,"gupid":"gupid-a","group":"/srv/shop (production)",)~"
              R"~("state":"busy","reason":"busy","detail":"The process serves 1 request.",)~"
              R"~("status":null,"latency_seconds":null,"body_bytes":0,"route":null,)~"
              R"~("busy_since":"2026-11-25T08:59:58.500000Z",)~"
              R"~("requests":[{"method":"GET","path":"/hang","via":"visitor",)~"
              R"~("client":"203.0.113.9","started_at":"2026-11-25T08:59:58.500000Z"}],)~"
              R"~("checked_at":"2026-11-25T09:00:00.000000Z"})~");
}

TEST(HealthWriter, WritesTheSumOfARound) {
    health::Summary summary;
    for (const Verdict verdict :
         {Verdict::healthy, Verdict::healthy, Verdict::healthy, Verdict::unhealthy,
          Verdict::unhealthy, Verdict::busy, Verdict::skipped, Verdict::skipped, Verdict::skipped,
          Verdict::skipped}) {
        summary.count(verdict);
    }
    summary.duration = microseconds(12'000);
    summary.deadline_reached = true;
    JsonWriter json;
    write_summary(json, summary);
    EXPECT_EQ(json.take(), R"~({"total":10,"healthy":3,"unhealthy":2,"busy":1,"skipped":4,)~"
                           R"~("duration_seconds":0.012000,"deadline_reached":true})~");
}

} // namespace
} // namespace gangway::endpoints
