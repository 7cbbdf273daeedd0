#include "check/check.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "check/json.hpp"

namespace gangway::check {
namespace {

using std::chrono::milliseconds;

Json::Value json(const std::string& text) {
    const auto value = parse_json(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value.value_or(Json::Value());
}

// What the key makes of a check; a complaint fails the test.
Check check_with(const std::string& key, const std::string& text) {
    Check check;
    const auto complaints = set_check_key(check, key, json(text));
    EXPECT_TRUE(complaints.empty()) << text << ": " << complaints.front().line();
    return check;
}

// The first complaint's line; "" when there was none.
std::string complaint_about(const std::string& key, const Json::Value& value) {
    Check check;
    const auto complaints = set_check_key(check, key, value);
    return complaints.empty() ? "" : complaints.front().line();
}
std::string complaint_about(const std::string& key, const std::string& text) {
    return complaint_about(key, json(text));
}

TEST(SetCheckKey, TellsEachMemberThatIsWrong) {
    Check check;
    std::string keys;
    for (const KeyComplaint& complaint : set_check_key(
             check, "expect", json(R"({"status":"no","regex":"(","json_value":1,"x":1})"))) {
        keys += complaint.key + " ";
    }
    EXPECT_EQ(keys, "expect.regex expect.status expect.x expect.json_value ");
    EXPECT_EQ(set_check_key(check, "headers", json(R"({"X-A":1,"X-B":"b","TE":"x"})")).size(), 2U);
}

std::string status_finding(const Check& check, unsigned status) {
    const auto mismatch = check.expectation.check_status(status);
    return mismatch ? std::string(word(mismatch->reason)) : "";
}

std::string body_finding(const Check& check, std::string_view body) {
    const auto mismatch = check.expectation.check_body(body);
    return mismatch ? std::string(word(mismatch->reason)) : "";
}

TEST(HealthCheckKeys, AreThoseOfTheDocument) {
    for (const char* key : {"path", "method", "headers", "route", "wait_seconds", "timeout_seconds",
                            "busy_limit_seconds", "expect"}) {
        EXPECT_TRUE(is_check_key(key)) << key;
    }
    for (const char* key :
         {"", "Path", "status", "timeout", "group", "concurrency", "expect.body"}) {
        EXPECT_FALSE(is_check_key(key)) << key;
    }
}

TEST(HealthCheckKeys, HaveTheDocumentedDefaults) {
    const Check check;
    EXPECT_EQ(check.method, "GET");
    EXPECT_EQ(check.path, "/");
    EXPECT_TRUE(check.headers.empty());
    EXPECT_EQ(check.route, Route::automatic);
    EXPECT_EQ(check.wait, milliseconds(500));
    EXPECT_EQ(check.timeout, milliseconds(5000));
    EXPECT_EQ(check.busy_limit, milliseconds(0));
    EXPECT_EQ(status_finding(check, 200), "");
    EXPECT_EQ(status_finding(check, 399), "");
    EXPECT_EQ(status_finding(check, 400), "bad_status");
    EXPECT_FALSE(check.expectation.needs_body());
    EXPECT_FALSE(examine(check).has_value());
}

struct RightValue {
    const char* key;
    const char* value;
    std::function<bool(const Check&)> is_set;
};

TEST(HealthCheckKeys, TakeTheirRightValues) {
    const std::vector<RightValue> table{
        {"path", R"("/")", [](const Check& c) { return c.path == "/"; }},
        {"path", R"("/up?full=1&a=%20b")",
         [](const Check& c) { return c.path == "/up?full=1&a=%20b"; }},
        {"method", R"("GET")", [](const Check& c) { return c.method == "GET"; }},
        {"method", R"("HEAD")", [](const Check& c) { return c.method == "HEAD"; }},
        {"method", R"("OPTIONS")", [](const Check& c) { return c.method == "OPTIONS"; }},
        {"route", R"("auto")", [](const Check& c) { return c.route == Route::automatic; }},
        {"route", R"("pool")", [](const Check& c) { return c.route == Route::pool; }},
        {"route", R"("direct")", [](const Check& c) { return c.route == Route::direct; }},
        {"wait_seconds", "0", [](const Check& c) { return c.wait == milliseconds(0); }},
        {"wait_seconds", "0.25", [](const Check& c) { return c.wait == milliseconds(250); }},
        {"wait_seconds", "3600", [](const Check& c) { return c.wait == milliseconds(3'600'000); }},
        {"timeout_seconds", "0.001", [](const Check& c) { return c.timeout == milliseconds(1); }},
        {"timeout_seconds", "2", [](const Check& c) { return c.timeout == milliseconds(2000); }},
        {"timeout_seconds", "3600",
         [](const Check& c) { return c.timeout == milliseconds(3'600'000); }},
        {"busy_limit_seconds", "0", [](const Check& c) { return c.busy_limit == milliseconds(0); }},
        {"busy_limit_seconds", "86400",
         [](const Check& c) { return c.busy_limit == milliseconds(86'400'000); }},
        {"headers", "{}", [](const Check& c) { return c.headers.empty(); }},
        {"headers", R"({"X-Probe":"1","Host":"shop.example","Cookie":""})",
         [](const Check& c) {
             return c.headers == std::vector<std::pair<std::string, std::string>>{
                                     {"Cookie", ""}, {"Host", "shop.example"}, {"X-Probe", "1"}};
         }},
        {"expect", "{}", [](const Check& c) { return status_finding(c, 304).empty(); }},
        {"expect", R"({"status":"204,300-399"})",
         [](const Check& c) {
             return status_finding(c, 204).empty() && status_finding(c, 399).empty() &&
                    status_finding(c, 200) == "bad_status";
         }},
        {"expect", R"({"body":"OK"})",
         [](const Check& c) {
             return body_finding(c, "all OK").empty() &&
                    body_finding(c, "all ok") == "unexpected_body";
         }},
        {"expect", R"({"regex":"^v[0-9]+$"})",
         [](const Check& c) {
             return body_finding(c, "v12").empty() && body_finding(c, "v") == "unexpected_body";
         }},
        {"expect", R"({"json_pointer":"/up"})",
         [](const Check& c) {
             return body_finding(c, R"({"up":1})").empty() &&
                    body_finding(c, R"({"up":false})") == "unexpected_body";
         }},
        {"expect", R"({"json_value":"up","json_pointer":"/db"})",
         [](const Check& c) {
             return body_finding(c, R"({"db":"up"})").empty() &&
                    body_finding(c, R"({"db":"down"})") == "unexpected_body";
         }},
        {"expect", R"({"json_pointer":"/error","json_value":null})",
         [](const Check& c) {
             return body_finding(c, R"({"error":null})").empty() &&
                    body_finding(c, R"({"error":"no"})") == "unexpected_body";
         }},
    };
    for (const RightValue& row : table) {
        EXPECT_TRUE(row.is_set(check_with(row.key, row.value))) << row.key << ": " << row.value;
    }
}

TEST(HealthCheckKeys, ComplainAboutEveryOtherValue) {
    const std::vector<std::pair<const char*, std::vector<const char*>>> table{
        {"path",
         {"null", "1", "[]", "{}", R"("")", R"("up")", R"("http://a/")", R"("*")", R"("/a b")",
          R"("/a#b")", R"("/a\r\nX: y")", R"("/\u0000")", R"("/\u007f")", R"("/ä")"}},
        {"method", {"null", "1", R"("")", R"("get")", R"("POST")", R"("DELETE")", R"(["GET"])"}},
        {"route", {"null", "1", R"("")", R"("Pool")", R"("any")"}},
        {"wait_seconds", {"null", "true", R"("1")", "-1", "-0.001", "3600.1", "1e300", "[]"}},
        {"timeout_seconds", {"null", "true", R"("1")", "-1", "0", "0.0009", "3601"}},
        {"busy_limit_seconds", {"null", "false", R"("1")", "-1", "86401"}},
        {"headers", {"null", R"("X: y")", "[]", "1"}},
        {"expect", {"null", "[]", R"("OK")", "1"}},
    };
    for (const auto& [key, values] : table) {
        for (const char* value : values) {
            const std::string line = complaint_about(key, std::string(value));
            EXPECT_TRUE(line.starts_with('"' + std::string(key) + "\" must be ")) << value << line;
        }
    }
}

TEST(HealthCheckKeys, ComplainAboutThePartOfAnExpectationThatIsWrong) {
    const std::vector<std::pair<const char*, const char*>> table{
        {R"({"status":200})", "expect.status"},
        {R"({"status":""})", "expect.status"},
        {R"({"status":"2xx"})", "expect.status"},
        {R"({"status":"99"})", "expect.status"},
        {R"({"status":"299-200"})", "expect.status"},
        {R"({"body":""})", "expect.body"},
        {R"({"body":1})", "expect.body"},
        {R"({"regex":""})", "expect.regex"},
        {R"({"regex":"("})", "expect.regex"},
        {R"({"regex":null})", "expect.regex"},
        {R"({"json_pointer":"up"})", "expect.json_pointer"},
        {R"({"json_pointer":"/~2"})", "expect.json_pointer"},
        {R"({"json_pointer":["up"]})", "expect.json_pointer"},
        {R"({"json_value":"up"})", "expect.json_value"},
        {R"({"json_value":null})", "expect.json_value"},
        {R"({"body":"OK","json_value":1})", "expect.json_value"},
        {R"({"headers":{}})", "expect.headers"},
        {R"({"Status":"200"})", "expect.Status"},
    };
    for (const auto& [value, key] : table) {
        const std::string line = complaint_about("expect", std::string(value));
        EXPECT_TRUE(line.starts_with('"' + std::string(key) + "\" ")) << value << ": " << line;
    }
}

TEST(HealthCheckKeys, SayThatAValueNeedsItsPointer) {
    EXPECT_EQ(complaint_about("expect", std::string(R"({"json_value":1})")),
              "\"expect.json_value\" needs a json_pointer that says where it must be");
}

TEST(HealthCheckKeys, LeaveTheCheckAsItWasAfterAComplaintAboutItsExpectation) {
    Check check = check_with("expect", R"({"body":"OK"})");
    EXPECT_EQ(set_check_key(check, "expect", json(R"({"body":"up","status":"no"})")).size(), 1U);
    EXPECT_EQ(check.expectation.body, "OK");
}

TEST(HealthCheckKeys, ReplaceHeadersAndExpectationThatWereSetBefore) {
    Check check = check_with("headers", R"({"X-A":"1"})");
    EXPECT_TRUE(set_check_key(check, "headers", json(R"({"X-B":"2"})")).empty());
    ASSERT_EQ(check.headers.size(), 1U);
    EXPECT_EQ(check.headers[0].first, "X-B");
    EXPECT_TRUE(set_check_key(check, "expect", json(R"({"body":"OK"})")).empty());
    EXPECT_TRUE(set_check_key(check, "expect", json("{}")).empty());
    EXPECT_FALSE(check.expectation.needs_body());
}

TEST(HealthCheckHeaders, MayNotBeThoseThatFrameOrRouteARequest) {
    for (const char* name : {"Connection",
                             "connection",
                             "KEEP-ALIVE",
                             "Transfer-Encoding",
                             "content-length",
                             "TE",
                             "te",
                             "Trailer",
                             "Upgrade",
                             "Expect",
                             "expect",
                             "Proxy-Authorization",
                             "!~Anything",
                             "!~",
                             "",
                             "X Y",
                             "X:",
                             "X\r\nY",
                             "X\tY",
                             "Ä",
                             "(x)",
                             "X_Y",
                             "!x",
                             "X/Y"}) {
        Json::Value headers(Json::objectValue);
        headers[name] = "1";
        const std::string line = complaint_about("headers", headers);
        EXPECT_TRUE(line.starts_with("\"headers\" has a name that a check cannot send: ")) << name;
        EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << name;
    }
    for (const char* name : {"Host", "Authorization", "User-Agent", "TEA", "Cookie", "X-Y",
                             "Upgrade-Insecure-Requests", "Accept"}) {
        Json::Value headers(Json::objectValue);
        headers[name] = "1";
        EXPECT_EQ(complaint_about("headers", headers), "") << name;
    }
}

TEST(HealthCheckHeaders, HaveAValueOfOneLine) {
    for (const char* value : {"1", "null", "[]", R"("a\nb")", R"("a\rb")", R"("a\u0000b")",
                              R"("\n")", R"("\u0012")", R"("\u007f")"}) {
        EXPECT_EQ(complaint_about("headers", R"({"X-A":)" + std::string(value) + "}"),
                  "\"headers.X-A\" must be a text of one line, without control characters")
            << value;
    }
    EXPECT_EQ(complaint_about("headers", json(R"({"X-A":"a\tb \u00e9"})")), "");
}

TEST(HealthCheckHeaders, AreAtMostThirtyTwo) {
    Json::Value headers(Json::objectValue);
    for (int i = 0; i < 32; i++) {
        headers["X-" + std::to_string(i)] = "1";
    }
    EXPECT_EQ(complaint_about("headers", headers), "");
    headers["X-32"] = "1";
    EXPECT_EQ(complaint_about("headers", headers),
              "\"headers\" must be an object of at most 32 header names and their values");
}

TEST(HealthCheckExamined, DoesNotLookAtTheBodyOfAnAnswerToHead) {
    for (const char* expect : {R"({"body":"OK"})", R"({"regex":"OK"})", R"({"json_pointer":""})"}) {
        Check check = check_with("expect", expect);
        EXPECT_FALSE(examine(check).has_value()) << expect;
        check.method = "OPTIONS";
        EXPECT_FALSE(examine(check).has_value()) << expect;
        check.method = "HEAD";
        const auto complaint = examine(check);
        ASSERT_TRUE(complaint.has_value()) << expect;
        EXPECT_EQ(complaint->key, "method");
    }
    Check check = check_with("expect", R"({"status":"200"})");
    check.method = "HEAD";
    EXPECT_FALSE(examine(check).has_value());
}

struct Seconds {
    Json::Value value;
    bool zero_allowed;
    unsigned highest;
    long milliseconds; // -1: a complaint
};

TEST(HealthCheckSeconds, AreANumberWithinTheirRange) {
    const std::vector<Seconds> table{
        {0, true, 10, 0},
        {0, false, 10, -1},
        {0.0, true, 10, 0},
        {0.0004, true, 10, 0},
        {0.0009, false, 10, -1},
        {0.001, false, 10, 1},
        {0.0015, false, 10, 2},
        {1.5, false, 10, 1500},
        {10, false, 10, 10'000},
        {10.0, false, 10, 10'000},
        {10.001, true, 10, -1},
        {11, true, 10, -1},
        {-1, true, 10, -1},
        {-0.0001, true, 10, -1},
        {Json::Value(Json::UInt64(1) << 63U), true, 10, -1},
        {1e308, true, 86'400, -1},
        {std::numeric_limits<double>::infinity(), true, 10, -1},
        {std::nan(""), true, 10, -1},
        {true, true, 10, -1},
        {"1", true, 10, -1},
        {Json::nullValue, true, 10, -1},
        {Json::arrayValue, true, 10, -1},
        {Json::objectValue, true, 10, -1},
    };
    for (const Seconds& row : table) {
        const auto parsed = parse_seconds(row.value, row.zero_allowed, row.highest);
        EXPECT_EQ(parsed ? parsed->count() : -1, row.milliseconds)
            << row.value << " of at most " << row.highest;
    }
}

TEST(HealthCheckSeconds, SayTheirRange) {
    const auto text = [](const auto& parsed) { return parsed.error().text; };
    EXPECT_EQ(text(parse_seconds(-1, true, 3600)), "must be a number of seconds from 0 to 3600");
    EXPECT_EQ(text(parse_seconds(0, false, 86'400)),
              "must be a number of seconds above 0 and at most 86400");
}

} // namespace
} // namespace gangway::check
