#include "admin/access_log.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <json/json.h>

namespace gangway::admin {
namespace {

using Clock = forward::Report::Clock;
using std::chrono::microseconds;

const Clock::time_point begin_of_time(microseconds(1'000'000));

Clock::time_point at(int us) {
    return begin_of_time + microseconds(us);
}

AccessRecord forwarded() {
    AccessRecord record;
    record.method = "GET";
    record.target = "/x?token=secret";
    record.status = 200;
    record.forwarded = true;
    record.uid = 1000;
    record.as = "password";
    record.report.received = at(0);
    record.report.session = at(300);
    record.report.connected = at(301);
    record.report.first_byte = at(12'801);
    record.report.pid = 123;
    record.report.route = "pool";
    record.report.status = 200;
    record.report.bytes_sent = 10;
    record.report.bytes_received = 1024;
    return record;
}

AccessRecord listing() {
    AccessRecord record;
    record.method = "GET";
    record.target = "/v1/pool";
    record.status = 401;
    record.code = Code::unauthorized;
    record.answer_bytes = 99;
    record.report.received = at(0);
    return record;
}

std::string text(const AccessRecord& record, bool show_query = false) {
    return access_line_text(record, at(12'900), show_query);
}

Json::Value json(const AccessRecord& record, bool show_query = false) {
    const std::string line = access_line_json(record, at(12'900), show_query);
    EXPECT_EQ(line.rfind("access {", 0), 0U) << line;
    Json::Value value;
    std::string errors;
    Json::CharReaderBuilder strict;
    Json::CharReaderBuilder::strictMode(&strict.settings_);
    const std::unique_ptr<Json::CharReader> reader(strict.newCharReader());
    const std::size_t begin = std::min(line.find('{'), line.size());
    EXPECT_TRUE(reader->parse(line.data() + begin, line.data() + line.size(), &value, &errors))
        << line << errors;
    return value;
}

TEST(AccessLineText, TellsOfAForwardedRequest) {
    EXPECT_EQ(text(forwarded()),
              "access method=GET path=/x?... status=200 code=- process=123 route=pool bytes_in=10 "
              "bytes_out=1024 queue_ms=0.300 connect_ms=0.001 first_byte_ms=12.500 "
              "total_ms=12.900 uid=1000 as=password");
}

TEST(AccessLineText, PutsADashWhereThereIsNothing) {
    EXPECT_EQ(text(listing()),
              "access method=GET path=/v1/pool status=401 code=unauthorized process=- route=- "
              "bytes_in=0 bytes_out=99 queue_ms=- connect_ms=- first_byte_ms=- total_ms=12.900 "
              "uid=- as=none");
}

TEST(AccessLineText, TellsOfARequestThatWasNotUnderstood) {
    AccessRecord record;
    record.code = Code::bad_request;
    record.status = 400;
    record.report.received = at(12'900);
    EXPECT_EQ(text(record), "access method=- path=- status=400 code=bad_request process=- route=- "
                            "bytes_in=0 bytes_out=0 queue_ms=- connect_ms=- first_byte_ms=- "
                            "total_ms=0.000 uid=- as=none");
}

TEST(AccessLineText, MarksAnAnswerThatWasBrokenOff) {
    AccessRecord record = forwarded();
    EXPECT_EQ(text(record).find("broken"), std::string::npos);
    record.report.broken = true;
    EXPECT_TRUE(text(record).ends_with(" as=password broken=true"));
}

TEST(AccessLineText, ShowsAQueryOnlyWhereItIsWanted) {
    EXPECT_EQ(text(forwarded()).find("secret"), std::string::npos);
    EXPECT_NE(text(forwarded(), true).find(" path=/x?token=secret "), std::string::npos);
    AccessRecord record = forwarded();
    record.target = "/x?";
    EXPECT_NE(text(record).find(" path=/x?... "), std::string::npos);
    record.target = "/y";
    EXPECT_NE(text(record).find(" path=/y "), std::string::npos);
    record.target = "*";
    EXPECT_NE(text(record).find(" path=* "), std::string::npos);
}

TEST(AccessLineText, CountsTheBytesOfGangwaysOwnAnswer) {
    AccessRecord record = forwarded();
    record.code = Code::first_byte_timeout; // after part of an answer that nobody was sent
    record.status = 504;
    record.answer_bytes = 77;
    EXPECT_NE(text(record).find(" bytes_in=10 bytes_out=77 "), std::string::npos) << text(record);
}

TEST(AccessLineText, CountsTimeNeverBackwards) {
    AccessRecord record = forwarded();
    record.report.connected = at(299);
    EXPECT_NE(text(record).find(" connect_ms=0.000 "), std::string::npos) << text(record);
}

TEST(AccessLineJson, HasTheSameKeysInTheirOrder) {
    EXPECT_EQ(access_line_json(forwarded(), at(12'900), false),
              R"(access {"method":"GET","path":"/x?...","status":200,"code":null,"process":123,)"
              R"("route":"pool","bytes_in":10,"bytes_out":1024,"queue_ms":0.300,)"
              R"("connect_ms":0.001,"first_byte_ms":12.500,"total_ms":12.900,"uid":1000,)"
              R"("as":"password","broken":false})");
}

TEST(AccessLineJson, HasNullWhereThereIsNothing) {
    const Json::Value line = json(listing());
    EXPECT_EQ(line.size(), 15U);
    for (const char* key : {"process", "route", "queue_ms", "connect_ms", "first_byte_ms", "uid"}) {
        EXPECT_TRUE(line.isMember(key)) << key;
        EXPECT_TRUE(line[key].isNull()) << key;
    }
    EXPECT_EQ(line["code"].asString(), "unauthorized");
    EXPECT_EQ(line["as"].asString(), "none");
}

TEST(AccessLineJson, ShowsAQueryOnlyWhereItIsWanted) {
    EXPECT_EQ(json(forwarded())["path"].asString(), "/x?...");
    EXPECT_EQ(json(forwarded(), true)["path"].asString(), "/x?token=secret");
}

TEST(AccessLineJson, SaysWhetherAnAnswerWasBrokenOff) {
    AccessRecord record = forwarded();
    EXPECT_FALSE(json(record)["broken"].asBool());
    record.report.broken = true;
    EXPECT_TRUE(json(record)["broken"].asBool());
}

// All that a parsed request line may hold, beside letters.
TEST(AccessLine, IsOneLineWhateverTheTarget) {
    std::string target = "/";
    for (int c = 0x21; c < 0x100; c++) {
        if (c != 0x7f && c != '?') {
            target += static_cast<char>(c);
        }
    }
    AccessRecord record = forwarded();
    record.target = target;
    record.method = "!#$%&'*+-.^_`|~09azAZ";
    for (const std::string& line : {text(record), access_line_json(record, at(12'900), false)}) {
        EXPECT_TRUE(std::none_of(line.begin(), line.end(),
                                 [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
    }
    const Json::Value line = json(record);
    EXPECT_EQ(line["method"].asString(), record.method);
    EXPECT_EQ(line["path"].asString().substr(0, 94), target.substr(0, 94));
}

TEST(AccessLine, ShowsBytesOfAPathThatAreNoText) {
    AccessRecord record = listing();
    record.target = "/\xc2\x9b\xe2\x80\xae\xff\\caf\xc3\xa9\xe9/menu";
    EXPECT_NE(text(record).find(R"( path=/\xC2\x9B\xE2\x80\xAE\xFF\\caf)"
                                "\xc3\xa9"
                                R"(\xE9/menu )"),
              std::string::npos)
        << text(record);
    const std::string line = access_line_json(record, at(12'900), false);
    EXPECT_NE(line.find(R"("path":"/\u009b\u202e)"
                        "\xef\xbf\xbd"
                        R"(\\caf)"
                        "\xc3\xa9\xef\xbf\xbd/menu\""),
              std::string::npos)
        << line;
    EXPECT_EQ(json(record)["path"].asString(),
              "/\xc2\x9b\xe2\x80\xae\xef\xbf\xbd\\caf\xc3\xa9\xef\xbf\xbd/menu");
}

TEST(AccessLine, CutsWhatAClientMadeLong) {
    const std::string path = "/" + std::string(65'000, '\xff');
    const std::string method(65'000, 'M');
    AccessRecord record = listing();
    record.target = path;
    record.method = method;
    const std::string line = text(record);
    EXPECT_LT(line.size(), 4600U);
    EXPECT_NE(line.find("\\xFF...[63977 bytes more] status=401"), std::string::npos) << line;
    EXPECT_NE(line.find(" method=" + std::string(64, 'M') + "...[64936 bytes more] "),
              std::string::npos);
    EXPECT_TRUE(json(record)["path"].asString().ends_with("...[63977 bytes more]"));
    EXPECT_LT(access_line_json(record, at(0), false).size(), 4600U);
    const std::string with_query = path + "?secret";
    record.target = with_query;
    EXPECT_TRUE(json(record)["path"].asString().ends_with("...[63977 bytes more]?..."));
}

TEST(AccessLine, TellsOfLinesThatWereLeftOut) {
    EXPECT_EQ(left_out_text({5, 1234}), "access left_out=1234 uid=5 as=none");
    EXPECT_EQ(left_out_text({std::nullopt, 1}), "access left_out=1 uid=- as=none");
    EXPECT_EQ(left_out_json({5, 1234}), R"(access {"left_out":1234,"uid":5,"as":"none"})");
    EXPECT_EQ(left_out_json({std::nullopt, 1}), R"(access {"left_out":1,"uid":null,"as":"none"})");
}

} // namespace
} // namespace gangway::admin
