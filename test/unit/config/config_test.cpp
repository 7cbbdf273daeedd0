#include "config/config.hpp"

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::config {
namespace {

Config good(const std::string& text) {
    auto parsed = parse(text);
    if (!parsed) {
        ADD_FAILURE() << parsed.error().front().message;
        return {};
    }
    return *std::move(parsed);
}

std::vector<Error> all_bad(const std::string& text) {
    const auto parsed = parse(text);
    if (parsed) {
        ADD_FAILURE() << "was accepted: " << text;
        return {{}};
    }
    return parsed.error();
}

Error bad(const std::string& text) {
    const auto errors = all_bad(text);
    EXPECT_EQ(errors.size(), 1U) << text;
    return errors.front();
}

using std::chrono::milliseconds;

TEST(Config, HasTheDocumentedDefaultsWithoutAFile) {
    const Config config = good("");
    EXPECT_TRUE(config.enabled);
    EXPECT_EQ(config.socket_path, "");
    EXPECT_EQ(config.socket_mode, 0666U);
    EXPECT_EQ(config.max_connections, 256U);
    EXPECT_EQ(config.max_requests, 256U);
    EXPECT_EQ(config.max_requests_per_process, 64U);
    EXPECT_EQ(config.max_header_bytes, 65536U);
    EXPECT_EQ(config.client_timeout, milliseconds(60'000));
    EXPECT_EQ(config.connect_timeout, milliseconds(5'000));
    EXPECT_EQ(config.first_byte_timeout, milliseconds(60'000));
    EXPECT_EQ(config.idle_timeout, milliseconds(60'000));
    EXPECT_EQ(config.tunnel_timeout, milliseconds(3'600'000));
    EXPECT_EQ(config.total_timeout, milliseconds(0));
    EXPECT_EQ(config.wait, milliseconds(5'000));
    EXPECT_EQ(config.drain_timeout, milliseconds(5'000));
    EXPECT_EQ(config.spool_directory, "/tmp");
    EXPECT_EQ(config.max_spool_bytes, 1'073'741'824U);
    EXPECT_EQ(config.access_log, AccessLogFormat::off);
    EXPECT_FALSE(config.access_log_query);
}

TEST(Config, TellsAllThatIsWrongAndTheLogHowMuch) {
    const auto errors = all_bad(
        R"({"max_connections": 0, "wait_seconds": "x", "nope": 1, "health": [{"path": "up"}]})");
    std::string keys;
    for (const Error& error : errors) {
        keys += error.key + " ";
        EXPECT_NE(error.message.find(error.key), std::string::npos) << error.message;
    }
    EXPECT_EQ(keys, "health[0].path health[0].group max_connections nope wait_seconds ");
    EXPECT_EQ(in_one_line(errors),
              errors.front().message +
                  " (and 4 more that is wrong: 'gangway check-config' says all)");
    EXPECT_EQ(in_one_line({errors[2]}), errors[2].message);
}

TEST(Config, RefusesWhatIsNestedTooDeeply) {
    const Error error = bad(std::string(5000, '['));
    EXPECT_EQ(error.key, "");
    EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
}

TEST(Config, TakesEveryDocumentedKey) {
    const Config config = good(R"({
        "enabled": false, "module": "/opt/gangway.so", "socket_path": "/run/gangway.sock",
        "socket_mode": "0660", "socket_owner": "root", "socket_group": 7, "max_connections": 9,
        "max_header_bytes": 2048, "client_timeout_seconds": 1.5, "connect_timeout_seconds": 2,
        "idle_timeout_seconds": 300, "wait_seconds": 0, "drain_timeout_seconds": 60,
        "max_requests": 10, "max_requests_per_process": 65536, "first_byte_timeout_seconds": 0.001,
        "tunnel_timeout_seconds": 86400, "total_timeout_seconds": 0.25,
        "spool_directory": "/var/tmp", "max_spool_bytes": 1125899906842624, "access_log": "json",
        "access_log_query": true, "max_connections_per_user": 3, "reserved_descriptors": 0,
        "authorization_timeout_seconds": 0.5, "max_spool_bytes_per_user": 5})");
    EXPECT_EQ(config.max_connections_per_user, 3U);
    EXPECT_EQ(config.reserved_descriptors, 0U);
    EXPECT_EQ(config.authorization_timeout, milliseconds(500));
    EXPECT_EQ(config.max_spool_bytes_per_user, 5U);
    EXPECT_FALSE(config.enabled);
    EXPECT_EQ(config.module, "/opt/gangway.so");
    EXPECT_EQ(config.socket_path, "/run/gangway.sock");
    EXPECT_EQ(config.socket_mode, 0660U);
    EXPECT_EQ(config.socket_owner, 0U);
    EXPECT_EQ(config.socket_group, 7U);
    EXPECT_EQ(config.max_connections, 9U);
    EXPECT_EQ(config.max_header_bytes, 2048U);
    EXPECT_EQ(config.client_timeout, milliseconds(1'500));
    EXPECT_EQ(config.connect_timeout, milliseconds(2'000));
    EXPECT_EQ(config.idle_timeout, milliseconds(300'000));
    EXPECT_EQ(config.wait, milliseconds(0));
    EXPECT_EQ(config.drain_timeout, milliseconds(60'000));
    EXPECT_EQ(config.max_requests, 10U);
    EXPECT_EQ(config.max_requests_per_process, 65536U);
    EXPECT_EQ(config.first_byte_timeout, milliseconds(1));
    EXPECT_EQ(config.tunnel_timeout, milliseconds(86'400'000));
    EXPECT_EQ(config.total_timeout, milliseconds(250));
    EXPECT_EQ(config.spool_directory, "/var/tmp");
    EXPECT_EQ(config.max_spool_bytes, 1'125'899'906'842'624U);
    EXPECT_EQ(config.access_log, AccessLogFormat::json);
    EXPECT_TRUE(config.access_log_query);
}

TEST(Config, HasThreeKindsOfAccessLog) {
    EXPECT_EQ(good(R"({"access_log": "off"})").access_log, AccessLogFormat::off);
    EXPECT_EQ(good(R"({"access_log": "text"})").access_log, AccessLogFormat::text);
}

TEST(Config, NamesAnUnknownKey) {
    const Error error = bad(R"({"soket_path": "/x"})");
    EXPECT_EQ(error.key, "soket_path");
    EXPECT_NE(error.message.find("\"soket_path\""), std::string::npos);
}

TEST(Config, RefusesWhatIsNotAJsonObjectInOneLine) {
    for (const char* text :
         {"{", "[]", "3", "{\"a\":1,}", "{} x", "{\"enabled\": true, \"enabled\": true}"}) {
        const Error error = bad(text);
        EXPECT_EQ(error.message.find('\n'), std::string::npos) << text;
        EXPECT_FALSE(error.message.empty()) << text;
    }
}

using BadValue = std::tuple<const char*, const char*>;
class BadConfigValue : public testing::TestWithParam<BadValue> {};

TEST_P(BadConfigValue, IsRefusedWithTheKeyNamed) {
    const auto [key, value] = GetParam();
    const Error error = bad("{\"" + std::string(key) + "\": " + value + "}");
    EXPECT_EQ(error.key, key);
    EXPECT_EQ(error.message.find("\"" + std::string(key) + "\" "), 0U) << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadConfigValue,
    testing::Values(
        BadValue{"enabled", "1"}, BadValue{"enabled", "\"true\""}, BadValue{"module", "\"x.so\""},
        BadValue{"module", "3"}, BadValue{"socket_path", "\"\""},
        BadValue{"socket_path", "\"relative\""}, BadValue{"socket_path", "\"/a\\u0000b\""},
        BadValue{"socket_mode", "666"}, BadValue{"socket_mode", "\"0888\""},
        BadValue{"socket_mode", "\"1777\""}, BadValue{"socket_mode", "\"rw\""},
        BadValue{"socket_owner", "\"no such user here\""}, BadValue{"socket_owner", "-1"},
        BadValue{"socket_group", "\"no such group here\""}, BadValue{"socket_group", "true"},
        BadValue{"max_connections_per_user", "0"}, BadValue{"reserved_descriptors", "65537"},
        BadValue{"authorization_timeout_seconds", "0"}, BadValue{"max_spool_bytes_per_user", "-1"},
        BadValue{"max_connections", "0"}, BadValue{"max_connections", "65537"},
        BadValue{"max_connections", "1.5"}, BadValue{"max_header_bytes", "1023"},
        BadValue{"max_header_bytes", "65537"}, BadValue{"client_timeout_seconds", "0"},
        BadValue{"client_timeout_seconds", "86401"}, BadValue{"connect_timeout_seconds", "-1"},
        BadValue{"connect_timeout_seconds", "1e9"}, BadValue{"idle_timeout_seconds", "\"60\""},
        BadValue{"idle_timeout_seconds", "null"}, BadValue{"wait_seconds", "3601"},
        BadValue{"wait_seconds", "false"}, BadValue{"drain_timeout_seconds", "61"},
        BadValue{"max_requests", "0"}, BadValue{"max_requests", "-1"},
        BadValue{"max_requests", "65537"}, BadValue{"max_requests", "\"7\""},
        BadValue{"max_requests_per_process", "0"}, BadValue{"max_requests_per_process", "65537"},
        BadValue{"first_byte_timeout_seconds", "0"},
        BadValue{"first_byte_timeout_seconds", "86401"},
        BadValue{"first_byte_timeout_seconds", "true"}, BadValue{"tunnel_timeout_seconds", "0"},
        BadValue{"tunnel_timeout_seconds", "86401"}, BadValue{"total_timeout_seconds", "-0.5"},
        BadValue{"total_timeout_seconds", "86401"}, BadValue{"total_timeout_seconds", "\"1\""},
        BadValue{"spool_directory", "\"tmp\""}, BadValue{"spool_directory", "\"\""},
        BadValue{"spool_directory", "null"}, BadValue{"max_spool_bytes", "-1"},
        BadValue{"max_spool_bytes", "1125899906842625"}, BadValue{"max_spool_bytes", "0.5"},
        BadValue{"access_log", "\"yes\""}, BadValue{"access_log", "true"},
        BadValue{"access_log", "\"Text\""}, BadValue{"access_log_query", "\"true\""},
        BadValue{"access_log_query", "0"}));

TEST(Config, NamesTheLimitOfASocketPathThatIsTooLong) {
    const std::string longest = "/" + std::string(max_socket_path_bytes - 1, 'a');
    EXPECT_EQ(good("{\"socket_path\": \"" + longest + "\"}").socket_path, longest);
    const Error error = bad("{\"socket_path\": \"" + longest + "a\"}");
    EXPECT_NE(error.message.find("107"), std::string::npos) << error.message;
}

TEST(Config, IsComplainedAboutInOnePrintableLine) {
    for (const char* text :
         {R"({"a\nb": 1})", R"({"a\u001b[2J": 1})", R"({"socket_owner": "a\nb"})",
          R"({"health": [{"group": "*", "a\nb": 1}]})", "{\n\"a\x1b\"\n"}) {
        const std::string message = bad(text).message;
        EXPECT_EQ(message.find_first_of("\n\r\x1b"), std::string::npos) << message;
    }
}

} // namespace
} // namespace gangway::config
