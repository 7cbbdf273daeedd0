#include "check/expectation.hpp"

#include <algorithm>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace gangway::check {
namespace {

constexpr std::string_view advice =
    "; see the application's log, or correct the check's expectation.";

// What a parse function gave, or a failed test.
template <typename T>
T value_of(Parsed<T> parsed) {
    if (!parsed) {
        ADD_FAILURE() << parsed.error().text;
        return {};
    }
    return *std::move(parsed);
}

template <typename T>
std::string complaint_of(const Parsed<T>& parsed) {
    return parsed ? "" : parsed.error().text;
}

Expectation body_with(const std::string& text) {
    Expectation expectation;
    expectation.body = text;
    return expectation;
}

Expectation body_like(std::string_view regex) {
    Expectation expectation;
    expectation.regex = value_of(parse_regex(regex));
    return expectation;
}

Expectation body_at(std::string_view pointer, std::optional<Json::Value> value = {}) {
    Expectation expectation;
    expectation.json = JsonValue{value_of(parse_json_pointer(pointer)), std::move(value)};
    return expectation;
}

// The detail without the advice; "" when the body is as expected.
std::string finding(const Expectation& expectation, std::string_view body) {
    const auto mismatch = expectation.check_body(body);
    if (!mismatch) {
        return "";
    }
    EXPECT_EQ(mismatch->reason, Reason::unexpected_body);
    EXPECT_TRUE(mismatch->detail.ends_with(advice)) << mismatch->detail;
    return mismatch->detail.substr(0, mismatch->detail.size() - advice.size());
}

struct StatusCase {
    const char* statuses;
    std::vector<unsigned> good;
    std::vector<unsigned> bad;
};

const std::vector<StatusCase> status_cases{
    {"200", {200}, {199, 201}},
    {"200-299", {200, 299}, {199, 300}},
    {"404-404", {404}, {403, 405}},
    {"200-299,304", {204, 304}, {303, 305}},
    {"503,200-299,250", {200, 250, 251, 503}, {300, 502}},
    {"100-599", {100, 599}, {99, 600, 999}},
};

TEST(StatusExpectation, IsMetByAStatusOfOneOfItsRanges) {
    for (const auto& [statuses, good, bad] : status_cases) {
        Expectation expectation;
        expectation.statuses = value_of(parse_statuses(statuses));
        for (const unsigned status : good) {
            EXPECT_FALSE(expectation.check_status(status)) << statuses << ": " << status;
        }
        for (const unsigned status : bad) {
            EXPECT_TRUE(expectation.check_status(status)) << statuses << ": " << status;
        }
    }
}

TEST(StatusExpectation, IsAnySuccessOrRedirectionUnlessGiven) {
    const Expectation expectation;
    EXPECT_TRUE(expectation.check_status(199));
    EXPECT_FALSE(expectation.check_status(200));
    EXPECT_FALSE(expectation.check_status(399));
    EXPECT_TRUE(expectation.check_status(400));
}

TEST(StatusExpectation, SaysWhichStatusesItWants) {
    Expectation expectation;
    expectation.statuses = value_of(parse_statuses("200-299,304"));
    const auto mismatch = expectation.check_status(503);
    ASSERT_TRUE(mismatch);
    EXPECT_EQ(mismatch->reason, Reason::bad_status);
    EXPECT_EQ(mismatch->detail,
              "The status is 503, where 200-299,304 is expected" + std::string(advice));
}

TEST(StatusExpectation, IsRefusedUnlessItIsAListOfRanges) {
    for (const char* statuses : {"",           ",",
                                 "200,",       ",200",
                                 "200,,201",   "300-200",
                                 "99",         "600",
                                 "200-600",    "99-200",
                                 "-200",       "200-",
                                 "-",          "200-250-299",
                                 "0200",       "+20",
                                 "20x",        "2xx",
                                 "ok",         " 200",
                                 "200 ",       "200, 304",
                                 "200;304",    "1e2",
                                 "4294967496", "99999999999999999999"}) {
        EXPECT_EQ(complaint_of(parse_statuses(statuses)),
                  "must be statuses from 100 to 599 and ranges from a lower to a higher one, such "
                  "as \"200-299,304\"")
            << statuses;
    }
}

struct BodyCase {
    Expectation expectation;
    std::string body;
    std::string finding; // "" where the body is as expected
};

void expect_findings(const std::vector<BodyCase>& cases) {
    for (const auto& [expectation, body, expected] : cases) {
        EXPECT_EQ(finding(expectation, body), expected) << body;
    }
}

const std::string eighty(80, 'a');

TEST(BodyExpectation, LooksForText) {
    expect_findings(
        {{{}, "anything", ""},
         {{}, "", ""},
         {body_with("OK"), "all OK\n", ""},
         {body_with("OK"), "all ok\n", R"(The body does not contain "OK": it is "all ok ")"},
         {body_with("OK"), "", R"(The body does not contain "OK": it is empty)"},
         {body_with("OK"), std::string("\0OK", 3), ""},
         {body_with("OK"), "\x1b[2J\r\n\t\x7f\xc3\xa4",
          R"(The body does not contain "OK": it is "?[2J   ???")"},
         {body_with("b"), eighty, R"(The body does not contain "b": it is ")" + eighty + '"'},
         {body_with("b"), eighty + "c",
          R"(The body does not contain "b": it is ")" + eighty + R"("...)"},
         {body_with(eighty + "c"), "b",
          R"(The body does not contain ")" + eighty + R"("...: it is "b")"}});
}

TEST(BodyExpectation, LooksForARegularExpression) {
    expect_findings(
        {{body_like("up \\d+ days"), "is up 12 days now", ""},
         {body_like("up \\d+ days"), "is up a day",
          R"(The body does not match "up \d+ days": it is "is up a day")"},
         {body_like("^ok$"), "not ok", R"(The body does not match "^ok$": it is "not ok")"},
         {body_like("."), "", R"(The body does not match ".": it is empty)"},
         {body_like("(?i)OK"), "ok", ""},
         {body_like("^.$"), "\xc3\xa4", ""},
         // Backtracking would take 2^100 steps.
         {body_like("^(a|a)*b$"), std::string(100, 'a'),
          R"(The body does not match "^(a|a)*b$": it is ")" + eighty + R"("...)"}});
}

TEST(BodyExpectation, ComparesAValueOfJson) {
    expect_findings(
        {{body_at("/status", "ok"), R"({"status":"ok"})", ""},
         {body_at("/status", "ok"), R"({"status":"down"})",
          R"(The body at "/status" is "down", where "ok" is expected)"},
         {body_at("/n", "1"), R"({"n":1})", R"(The body at "/n" is 1, where "1" is expected)"},
         {body_at("/n", 1), R"({"n":0.1})", R"(The body at "/n" is 0.1, where 1 is expected)"},
         {body_at("/v", 1), R"({"v":")" + eighty + R"("})",
          R"(The body at "/v" is ")" + eighty.substr(1) + "..., where 1 is expected"},
         {body_at("/v", Json::Value()), R"({"v":null})", ""},
         {body_at("/status", "ok"), R"({"state":"ok"})",
          R"(The body has nothing at "/status": it is "{"state":"ok"}")"},
         {body_at("/status", "ok"), "ok",
          R"(The body is not JSON, or has more than a check reads: it is "ok")"},
         {body_at("/status", "ok"), "",
          R"(The body is not JSON, or has more than a check reads: it is empty)"},
         {body_at("", "ok"), R"( "ok" )", ""},
         {body_at("", "ok"), "5", R"(The body is 5, where "ok" is expected)"},
         {body_at("", "ok"), std::string(5000, '['),
          R"(The body is not JSON, or has more than a check reads: it is ")" +
              std::string(80, '[') + R"("...)"}});
}

TEST(BodyExpectation, TakesAnythingButNullAndFalseAtAPointerWithoutValue) {
    expect_findings(
        {{body_at("/v"), R"({"v":true})", ""},
         {body_at("/v"), R"({"v":0})", ""},
         {body_at("/v"), R"({"v":""})", ""},
         {body_at("/v"), R"({"v":{}})", ""},
         {body_at("/v"), R"({"v":false})",
          R"(The body at "/v" is false, where anything but null and false is expected)"},
         {body_at("/v"), R"({"v":null})",
          R"(The body at "/v" is null, where anything but null and false is expected)"},
         {body_at("/v"), "[]", R"(The body has nothing at "/v": it is "[]")"}});
}

TEST(BodyExpectation, MustBeMetInAllItsParts) {
    Expectation all = body_at("/status", "ok");
    all.body = "node-1";
    all.regex = value_of(parse_regex("\"up\":\\d"));
    EXPECT_EQ(finding(all, R"({"status":"ok","node":"node-1","up":9})"), "");
    EXPECT_NE(finding(all, R"({"status":"ok","node":"node-2","up":9})"), "");
    EXPECT_NE(finding(all, R"({"status":"ok","node":"node-1","up":-1})"), "");
    EXPECT_NE(finding(all, R"({"status":"no","node":"node-1","up":9})"), "");
}

TEST(BodyExpectation, NeedsTheBodyOnlyForWhatLooksAtIt) {
    EXPECT_FALSE(Expectation{}.needs_body());
    EXPECT_TRUE(body_with("OK").needs_body());
    EXPECT_TRUE(body_like("OK").needs_body());
    EXPECT_TRUE(body_at("/status").needs_body());
}

struct RegexCase {
    std::string regex;
    std::string why;
};

const std::vector<RegexCase> bad_regexes{
    {"(ok", "missing ): (ok"},
    {"[a", "missing ]: [a"},
    {"*", "no argument for repetition operator: *"},
    {"(a)\\1", "invalid escape sequence: \\1"},
    {"\xff", "invalid UTF-8"},
    {"\\pN{1000}", "pattern too large - compile failed"},
    {".{1000}", "pattern too large - compile failed"},
    {"[\x1b" + eighty, "missing ]: [?" + eighty.substr(13) + "..."},
};

TEST(RegexExpectation, IsRefusedWithTheReason) {
    for (const auto& [regex, why] : bad_regexes) {
        EXPECT_EQ(complaint_of(parse_regex(regex)), "must be a regular expression of RE2: " + why);
    }
}

TEST(RegexExpectation, IsRefusedWhenAMatchCouldHoldUpOthers) {
    EXPECT_EQ(complaint_of(parse_regex("(?:a?){500}b")),
              "is too large a regular expression; repeat less, or look for a plain text");
    for (const char* usual :
         {"^\\s*\\{.*\"status\"\\s*:\\s*\"(up|ok|pass)\".*\\}\\s*$", "\\p{Lu}\\w* v\\d+\\.\\d+",
          ".{0,80}ok", "(?i)healthy|ready|alive|up and running"}) {
        EXPECT_EQ(complaint_of(parse_regex(usual)), "") << usual;
    }
}

TEST(RegexExpectation, IsMatchedAgainstLessOfABodyTheLargerItIs) {
    const std::string spaces(20'000, ' ');
    EXPECT_FALSE(body_like("ok").check_body(spaces + "ok"));
    EXPECT_TRUE(body_like(".{80}ok").check_body(spaces + "ok"));
    EXPECT_FALSE(body_like(".{80}ok").check_body(spaces.substr(0, 500) + "ok"));
    EXPECT_GE(max_matched_bytes(*body_like("\"status\": ?\"(ok|up|pass)\"").regex), 8192U);
}

// What RE2 takes for an expression of 4 KiB: 270 ms.
TEST(RegexExpectation, IsRefusedUnreadWhereCompilingItCouldHoldUpOthers) {
    const std::string too_large = "is too large a regular expression; at most 256 bytes and 2 "
                                  "Unicode classes (\\p) are taken";
    std::string classes;
    for (unsigned i = 0; i < 20'000; i++) {
        classes += "\\pL";
    }
    EXPECT_EQ(complaint_of(parse_regex(classes)), too_large);
    EXPECT_EQ(complaint_of(parse_regex("\\p{Lu}[^\\PN]\\P{Greek}")), too_large);
    EXPECT_EQ(complaint_of(parse_regex("\\\\p\\p{Greek}")), "");
    EXPECT_EQ(complaint_of(parse_regex(std::string(257, 'a'))), too_large);
    EXPECT_EQ(complaint_of(parse_regex(std::string(256, 'a'))), "");
}

// Those for which RE2 makes no deterministic automaton in its memory.
TEST(RegexExpectation, TakesABoundedNumberOfSteps) {
    std::string letters;
    unsigned random = 1;
    while (letters.size() < 65'536) {
        random = random * 1'103'515'245 + 12'345;
        letters += (random >> 16 & 1) == 0 ? 'a' : 'b';
    }
    for (const char* regex :
         {"(a|b)*a(a|b){12}c", "[ab]*a[ab]{30}c", "[ab]*a[ab]{900}c", "((a{0,9}){0,9}){0,5}c",
          "\\C*a\\C{200}c", "(?:(?:a*)*(?:b*)*){100}c"}) {
        const Expectation expectation = body_like(regex);
        const auto size = static_cast<std::size_t>(
            std::max(expectation.regex->ProgramSize(), expectation.regex->ReverseProgramSize()));
        EXPECT_LE(size * max_matched_bytes(*expectation.regex), 400'000U) << regex;
        const std::clock_t begin = std::clock();
        EXPECT_TRUE(expectation.check_body(letters)) << regex;
        // Seen: 2.5 ms; sanitizers take their share.
        EXPECT_LT(std::clock() - begin, CLOCKS_PER_SEC / 20) << regex;
    }
}

// 64 KiB in 64 KiB, each step of which finds its difference at the end: seconds, naively.
TEST(BodyExpectation, LooksForATextInLinearTime) {
    const Expectation expectation = body_with(std::string(32'000, 'a') + "b");
    const std::clock_t begin = std::clock();
    EXPECT_TRUE(expectation.check_body(std::string(65'536, 'a')));
    EXPECT_FALSE(expectation.check_body(std::string(33'000, 'a') + "b"));
    EXPECT_LT(std::clock() - begin, CLOCKS_PER_SEC / 20);
}

TEST(StatusExpectation, HasAtMost64Ranges) {
    std::string statuses = "200";
    for (unsigned i = 1; i < 64; i++) {
        statuses += ",200-299";
    }
    EXPECT_EQ(complaint_of(parse_statuses(statuses)), "");
    EXPECT_EQ(complaint_of(parse_statuses(statuses + ",300")),
              "must be at most 64 statuses and ranges of them");
}

} // namespace
} // namespace gangway::check
