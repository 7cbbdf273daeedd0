#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/commands/health/json.hpp"
#include "health_answers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

namespace gangway::command {
namespace {

const std::string whole =
    healthy_line + unhealthy_line + busy_line + summary_line(1, 1, 1, 0, "true");

// What is said against an answer; "" for nothing.
std::string fault_of(const std::string& answer) {
    try {
        static_cast<void>(report_of(answer));
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::bad_answer);
        return failure.what();
    }
    return {};
}

TEST(HealthStream, ReadsResultsAndSummary) {
    const HealthReport report = report_of(whole);
    ASSERT_EQ(report.results.size(), 3U);
    const HealthResult& healthy = report.results[0];
    EXPECT_TRUE(healthy.is_healthy());
    EXPECT_EQ(healthy.pid, "20387");
    EXPECT_EQ(healthy.group, "/srv/shop (production)");
    EXPECT_EQ(healthy.reason, "");
    EXPECT_EQ(healthy.detail, "");
    EXPECT_EQ(healthy.status, "200");
    EXPECT_EQ(healthy.route, "pool");
    EXPECT_EQ(healthy.latency_seconds, 0.001234);
    const HealthResult& unhealthy = report.results[1];
    EXPECT_FALSE(unhealthy.is_healthy());
    EXPECT_EQ(unhealthy.reason, "first_byte_timeout");
    EXPECT_EQ(unhealthy.detail, "It took the request and said nothing.");
    EXPECT_EQ(unhealthy.status, "");
    EXPECT_EQ(report.results[2].latency_seconds, std::nullopt);
    EXPECT_EQ(report.results[2].busy_since, "2026-11-25T08:59:59.000000Z");
    EXPECT_EQ(report.summary.total, 3U);
    EXPECT_EQ(report.summary.healthy, 1U);
    EXPECT_EQ(report.summary.unhealthy, 1U);
    EXPECT_EQ(report.summary.busy, 1U);
    EXPECT_EQ(report.summary.skipped, 0U);
    EXPECT_EQ(report.summary.duration_seconds, 0.0124);
    EXPECT_TRUE(report.summary.deadline_reached);
}

TEST(HealthStream, ReadsTheSameHoweverTheBytesAreCut) {
    const std::string expected = health_document(report_of(whole));
    for (std::size_t size = 1; size < whole.size(); ++size) {
        HealthStream stream;
        for (std::size_t start = 0; start < whole.size(); start += size) {
            stream.feed(std::string_view(whole).substr(start, size));
        }
        ASSERT_EQ(health_document(std::move(stream).finish()), expected) << size;
    }
}

std::string pids_of(const HealthReport& report) {
    std::string pids;
    for (const HealthResult& result : report.results) {
        pids += (pids.empty() ? "" : " ") + result.pid;
    }
    return pids;
}

TEST(SortResults, PutsThemInThePoolsOrderSinceTheyComeAsTheyAnswer) {
    HealthReport report = report_of(whole);
    sort_results(report.results, {"b-1", "a-1", "a-2"});
    EXPECT_EQ(pids_of(report), "20388 20387 9");
    sort_results(report.results, {"x", "a-2"}); // those that are new come behind
    EXPECT_EQ(pids_of(report), "9 20388 20387");
}

TEST(AddGone, AddsAnUnhealthyProcessThatIsNamed) {
    HealthReport report = report_of(whole);
    add_gone(report, "4711");
    add_gone(report, "1a2b-XyZ");
    ASSERT_EQ(pids_of(report), "20387 9 20388 4711 1a2b-XyZ");
    const HealthResult& gone = report.results[3];
    EXPECT_EQ(gone.state, "unhealthy");
    EXPECT_EQ(gone.reason, "gone");
    EXPECT_NE(gone.detail.find("4711"), std::string::npos);
    EXPECT_EQ(health_counts(report.summary), "1 of 5 healthy, 3 unhealthy, 1 busy");
    const auto document = parse_json(health_document(report));
    ASSERT_TRUE(document);
    EXPECT_EQ((*document)["summary"]["total"], Json::Value(5));
    EXPECT_EQ((*document)["summary"]["unhealthy"], Json::Value(3));
    EXPECT_EQ((*document)["summary"]["duration_seconds"], Json::Value(0.0124));
    EXPECT_EQ((*document)["results"][3]["pid"], Json::Value(4711));
    EXPECT_TRUE((*document)["results"][4]["pid"].isNull());
    EXPECT_EQ((*document)["results"][4]["gupid"], Json::Value("1a2b-XyZ"));
    EXPECT_EQ((*document)["results"][4].getMemberNames(),
              (*document)["results"][0].getMemberNames());
}

TEST(AddGone, MakesAReportOfNothing) {
    HealthReport report;
    add_gone(report, "7");
    EXPECT_FALSE(report.summary.all_healthy());
    const auto document = parse_json(health_document(report));
    ASSERT_TRUE(document);
    EXPECT_EQ((*document)["summary"].getMemberNames(),
              (*parse_json(summary_line(0, 1, 0)))["summary"].getMemberNames());
}

TEST(HealthStream, CountsWhileItReads) {
    HealthStream stream;
    stream.feed(healthy_line + unhealthy_line.substr(0, 40));
    EXPECT_EQ(stream.checked(), 1U);
    EXPECT_EQ(stream.not_healthy(), 0U);
    stream.feed(unhealthy_line.substr(40) + busy_line);
    EXPECT_EQ(stream.checked(), 3U);
    EXPECT_EQ(stream.not_healthy(), 2U);
}

TEST(HealthStream, SaysThatAnAnswerWithoutItsSummaryBrokeOff) {
    for (const std::string& answer :
         {std::string(), healthy_line, whole.substr(0, whole.size() - 2)}) {
        EXPECT_NE(fault_of(answer).find("the answer broke off"), std::string::npos) << answer;
    }
}

TEST(HealthStream, LeavesOutTheLinesOfALaterAgent) {
    EXPECT_EQ(fault_of("\n{\"note\":1}\n" + whole), "");
}

TEST(HealthStream, RefusesLinesThatAreNoHealth) {
    const std::string long_line(3U << 20U, 'x');
    for (const std::string& line : std::initializer_list<std::string>{
             "<html>\n", "[]\n", "\"result\"\n", "{\"result\":1}\n", "{\"result\":{\"pid\":1}}\n",
             "{\"result\":{\"pid\":\"1\",\"state\":\"healthy\"}}\n", "{\"summary\":{}}\n",
             "{\"summary\":{\"total\":-1}}\n", summary_line(1, 0, 0) + healthy_line, long_line}) {
        EXPECT_NE(fault_of(line + whole).find("is no health"), std::string::npos)
            << line.substr(0, 80);
    }
}

TEST(HealthStream, QuotesAStrangeLineShortAndHarmless) {
    const std::string fault = fault_of("\x1b[31m" + std::string(500, 'x') + "\n");
    EXPECT_EQ(fault.find('\x1b'), std::string::npos);
    EXPECT_LT(fault.size(), 200U);
}

TEST(HealthStream, MakesTheTextsOfAWorkerPrintable) {
    const HealthResult result =
        report_of(
            R"({"result":{"pid":1,"state":"busy","detail":"a\u001b[2Jb\nc","group":"\u009b"}})"
            "\n" +
            summary_line(0, 0, 1))
            .results[0];
    EXPECT_EQ(result.detail, "a?[2Jb?c");
    EXPECT_EQ(result.group, "?");
}

TEST(HealthSummary, IsAllHealthyOnlyWhereThereIsSomebody) {
    EXPECT_TRUE(report_of(summary_line(2, 0, 0)).summary.all_healthy());
    EXPECT_FALSE(report_of(summary_line(2, 0, 1)).summary.all_healthy());
    EXPECT_FALSE(report_of(summary_line(0, 0, 0)).summary.all_healthy());
}

TEST(HealthJson, IsOneDocumentWithAllThatTheAgentSaid) {
    const auto document = parse_json(health_document(report_of(whole)));
    ASSERT_TRUE(document);
    EXPECT_EQ((*document)["summary"]["total"], Json::Value(3));
    ASSERT_EQ((*document)["results"].size(), 3U);
    EXPECT_EQ((*document)["results"][0], (*parse_json(healthy_line))["result"]);
    EXPECT_TRUE(
        (*parse_json(health_document(report_of(summary_line(0, 0, 0)))))["results"].isArray());
}

TEST(HealthJson, WritesEachResultAsTheAgentDid) {
    const std::string result = R"({"pid":1, "state":"busy","detail":"\u00fc}]","later":[0.10]})";
    const std::string summary = summary_line(0, 0, 1);
    const std::string document =
        health_document(report_of("{\"result\" : " + result + " }\n" + summary));
    EXPECT_EQ(document, summary.substr(0, summary.size() - 2) + ",\"results\":[" + result + "]}\n");
}

TEST(HealthJson, WritesMicrosecondsAsTheyAre) {
    EXPECT_NE(health_document(report_of(whole)).find("\"latency_seconds\":0.001234,"),
              std::string::npos);
}

TEST(HealthJson, HasALineForEachResultAndLastTheSummary) {
    const std::string lines = health_lines(report_of(whole));
    EXPECT_EQ(health_document(report_of(lines)), health_document(report_of(whole)));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 4);
    EXPECT_NE(lines.find("\"latency_seconds\":0.001234,"), std::string::npos);
}

} // namespace
} // namespace gangway::command
