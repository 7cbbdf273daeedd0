#include "gangway/agent/own_words.hpp"
#include "gangway/agent/pool_listing.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/rfc3339.hpp"
#include "gangway/commands/report.hpp"
#include "gangway/commands/request/answer_document.hpp"
#include "gangway/commands/request/busy_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace gangway::command {
namespace {

const auto noon = *parse_rfc3339("2026-11-25T12:00:00Z");

Json::Value json(const std::string& text) {
    const auto value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value.value_or(Json::Value());
}

TEST(ParseRfc3339, TakesTheTimesOfTheAgent) {
    EXPECT_EQ(*parse_rfc3339("2026-11-25T12:00:01.250000Z") - noon,
              std::chrono::milliseconds(1250));
    for (const char* text :
         {"", "2026-11-25", "2026-11-25T12:00:00", "2026-13-25T12:00:00Z", "2026-11-25T12:00:00.Z",
          "2026-11-25T12:00:00+01:00", "2026-11-25 12:00:00Z", "2026-11-25T12:00:00.5",
          "x026-11-25T12:00:00Z", "2262-01-01T00:00:00Z", "9999-12-31T23:59:60Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
    EXPECT_GT(*parse_rfc3339("2261-12-31T23:59:60.999999Z"), noon);
}

TEST(ProblemText, SaysWithWhatAProcessIsBusyAndSinceWhen) {
    const Json::Value busy =
        json(R"({"code":"process_busy","detail":"Wait longer (X-Gangway-Wait).","sessions":1,)"
             R"("busy_since":"2026-11-25T11:40:49.000000Z","requests":[{"method":"GET",)"
             R"("path":"/slow","via":"gangway","client":null,)"
             R"("started_at":"2026-11-25T11:40:49.000000Z"}]})");
    EXPECT_EQ(problem_text(busy, {.process = "20387"}, noon),
              "Process 20387 still serves another request, for 19m 11s (since "
              "2026-11-25T11:40:49Z): GET /slow through Gangway. A longer --wait waits for it; a "
              "Ruby process answers on --route direct meanwhile.");
}

TEST(ProblemText, SaysWhichVisitorsKeepAProcessBusy) {
    const Json::Value busy =
        json(R"({"code":"process_busy","sessions":3,"busy_since":"2026-11-25T11:59:57Z",)"
             R"("requests":[{"method":"GET","path":"/hang\u001b","via":"visitor",)"
             R"("client":"203.0.113.9","started_at":"2026-11-25T11:40:49Z"},7,)"
             R"({"method":"POST","path":"/b","via":"visitor","client":"::1",)"
             R"("started_at":"2026-11-25T11:59:57Z"}]})");
    EXPECT_EQ(problem_text(busy, {.process = "7"}, noon),
              "Process 7 still serves 3 others, the newest for 3s (since 2026-11-25T11:59:57Z): "
              "GET /hang\\x1B from 203.0.113.9 for 19m 11s, POST /b from ::1 for 3s. A longer "
              "--wait waits for it; a Ruby process answers on --route direct meanwhile.");
    EXPECT_TRUE(problem_text(json(R"({"code":"process_busy"})"), {}, noon)
                    .starts_with("The process still serves other requests. A longer --wait"));
}

TEST(ProblemText, NamesTheProcessAndTheGroupThatAreNotThere) {
    EXPECT_NE(problem_text(json(R"({"code":"process_not_found"})"), {.process = "4711"}, noon)
                  .find("no process 4711,"),
              std::string::npos);
    EXPECT_NE(problem_text(json(R"({"code":"group_not_found"})"), {.group = "shop"}, noon)
                  .find("no group 'shop'"),
              std::string::npos);
}

// Each sentence of the agent's that names a thing of the API, as its sources have them.
TEST(InOwnWords, NamesNothingOfTheApi) {
    for (const char* text : {
             "it hangs, or needs a longer X-Gangway-First-Byte-Timeout.",
             "it hangs, or needs a longer X-Gangway-Idle-Timeout.",
             "The request took longer than X-Gangway-Timeout or total_timeout_seconds allows.",
             "Wait longer (X-Gangway-Wait), or look at what it does.",
             "X-Gangway-Route must be auto, pool or direct.",
             "GET /v1/processes shows its state.",
             "GET /v1/groups lists those that you may see.",
             "\"expect.status\" must be",
             "\"expect.regex\" is",
             "\"expect.body\" must",
             "\"expect.json_pointer\" must",
             "\"expect.json_value\" needs a json_pointer",
             "\"timeout_seconds\" must",
             "\"wait_seconds\" must",
             "\"busy_limit_seconds\" must",
             "\"deadline_seconds\" must",
             "\"headers\" has a name",
             "\"headers.X-A\" must",
             "exceeds the 5 bytes that are kept (max_spool_bytes): send it with Content-Length.",
         }) {
        const std::string own = in_own_words(text);
        for (const char* word : {"X-Gangway-", "/v1/", "_seconds\"", "total_timeout_seconds",
                                 "expect.", "json_pointer", "Content-Length", "percent-encoded"}) {
            EXPECT_EQ(own.find(word), std::string::npos) << own;
        }
    }
    EXPECT_EQ(in_own_words("\"expect.status\" must be"), "--status must be");
    EXPECT_EQ(in_own_words("GET /v1/groups lists those that you may see. Its name must be "
                           "percent-encoded, '/' as %2F."),
              "'gangway ps' lists those that you may see.");
    EXPECT_EQ(in_own_words("Send it with Content-Length, or"),
              "Save it to a file, and give that by -T FILE, or");
}

TEST(ProblemText, SaysOfAHealthCheckThatIsTooLargeWhatToDo) {
    for (const char* document :
         {R"({"code":"body_too_large","detail":"Content-Length"})",
          R"({"code":"bad_body","detail":"The body must be a JSON object"})"}) {
        EXPECT_NE(problem_text(json(document), {}, noon).find("name fewer processes"),
                  std::string::npos);
    }
}

TEST(NoSuchGroup, ListsTheGroupsAndSaysWhichMayBeMeant) {
    const auto said = [](const std::string& name, const std::vector<ListedGroup>& groups) {
        return std::string(no_such_group(name, groups).what());
    };
    const std::vector<ListedGroup> groups{{"/srv/blog (production)", 0},
                                          {"/srv/shop (production)", 0}};
    EXPECT_EQ(said("/srv/shop", groups),
              "group_not_found: There is no group '/srv/shop'. Did you mean '/srv/shop "
              "(production)'? There are:\n  /srv/blog (production)\n  /srv/shop (production)");
    EXPECT_EQ(said("x", {}),
              "group_not_found: There is no group 'x', and none at all that you may see.");
    EXPECT_EQ(said("\033[31mwholly another\xff", groups).find('\033'), std::string::npos);
    const std::vector<ListedGroup> many(30, ListedGroup{"g", 0});
    EXPECT_NE(said("zzzzz", many).find("and 20 more"), std::string::npos);
    EXPECT_EQ(no_such_group("x", groups).code(), ExitCode::bad_answer);
}

TEST(FailureText, IsOneLineOfJsonForPrograms) {
    const Failure failure(ExitCode::unreachable, "nobody\nhere");
    EXPECT_EQ(failure_text(failure, false), "gangway: nobody\nhere\n");
    EXPECT_EQ(failure_text(failure, true),
              R"({"error":{"code":"unreachable","exit_code":3,"message":"nobody\nhere",)"
              R"("problem":null}})"
              "\n");
    const Json::Value of_agent = json(failure_text(
        problem_failure(503, R"({"code":"process_busy","sessions":2})", {.process = "7"}), true));
    EXPECT_EQ(of_agent["error"]["code"], Json::Value("process_busy"));
    EXPECT_EQ(of_agent["error"]["problem"]["sessions"], Json::Value(2));
}

TEST(BusyWithAnother, IsSaidOfAProcessThatServedItBeforeTheRequestCame) {
    const Json::Value busy = json(R"({"sessions":1,"concurrency":1,"last_used":)"
                                  R"("2026-11-25T11:59:50Z"})");
    EXPECT_EQ(busy_with_another(busy, noon, noon + std::chrono::seconds(2)),
              "waiting for the process, which serves another request for 12s");
    EXPECT_EQ(busy_with_another(busy, noon - std::chrono::seconds(20), noon), "") << "it is ours";
    for (const char* row : {R"({"sessions":0,"concurrency":1,"last_used":"2026-11-25T11:59:50Z"})",
                            R"({"sessions":9,"concurrency":0,"last_used":"2026-11-25T11:59:50Z"})",
                            R"({"sessions":1,"concurrency":1,"last_used":null})", "{}"}) {
        EXPECT_EQ(busy_with_another(json(row), noon, noon), "") << row;
    }
}

ResponseHeader answer_header() {
    ResponseHeader header;
    header.version(11);
    header.result(201);
    header.reason("Made");
    header.insert("X-A", "1");
    header.insert("X-A", "caf\xe9");
    header.insert("X-Gangway-Route", "pool");
    header.insert("X-Gangway-Process", "7 a-1");
    return header;
}

TEST(AnswerDocument, HasStatusHeadersAndBody) {
    AnswerDocument document(answer_header());
    document.add("h\xc3");
    document.add("\xa9");
    const Json::Value value = json(document.text());
    EXPECT_EQ(value["status"], Json::Value(201));
    EXPECT_EQ(value["headers"][0][0], Json::Value("X-A"));
    EXPECT_EQ(value["headers"][1][1], Json::Value("caf\xef\xbf\xbd"));
    EXPECT_EQ(value["route"], Json::Value("pool"));
    EXPECT_EQ(value["body"], Json::Value("h\xc3\xa9"));
    EXPECT_EQ(value["body_bytes"], Json::Value(3));
    EXPECT_TRUE(value["timing_ms"].isNull());
}

TEST(AnswerDocument, HasABodyThatIsNoTextInBase64) {
    AnswerDocument document(answer_header());
    document.add(std::string_view("\xff\0", 2));
    const Json::Value value = json(document.text());
    EXPECT_FALSE(value.isMember("body"));
    EXPECT_EQ(value["body_base64"], Json::Value("/wA="));
}

TEST(AnswerDocument, TakesNoEndlessBody) {
    AnswerDocument document(answer_header());
    document.add(std::string(AnswerDocument::body_max_bytes, 'x'));
    EXPECT_THROW(document.add("x"), Failure);
}

TEST(AnswerDocument, NamesTheFileThatHasTheBody) {
    const Json::Value value = json(AnswerDocument(answer_header()).text_with_file("f\xff", 9));
    EXPECT_EQ(value["body_bytes"], Json::Value(9));
    EXPECT_EQ(value["body_file"], Json::Value("f\xef\xbf\xbd"));
}

} // namespace
} // namespace gangway::command
