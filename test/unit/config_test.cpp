#include "config/config.hpp"

#include <string>
#include <tuple>
#include <variant>

#include <gtest/gtest.h>

namespace gangway::config {
namespace {

Config good(const std::string& text) {
    auto parsed = parse(text);
    if (const auto* error = std::get_if<Error>(&parsed)) {
        ADD_FAILURE() << error->message;
        return {};
    }
    return std::get<Config>(parsed);
}

Error bad(const std::string& text) {
    auto parsed = parse(text);
    if (!std::holds_alternative<Error>(parsed)) {
        ADD_FAILURE() << "was accepted: " << text;
        return {};
    }
    return std::get<Error>(parsed);
}

using std::chrono::milliseconds;

TEST(Config, HasTheDocumentedDefaultsWithoutAFile) {
    const Config config = good("");
    EXPECT_TRUE(config.enabled);
    EXPECT_EQ(config.socket_path, "");
    EXPECT_EQ(config.socket_mode, 0666U);
    EXPECT_EQ(config.max_connections, 256U);
    EXPECT_EQ(config.max_header_bytes, 65536U);
    EXPECT_EQ(config.client_timeout, milliseconds(60'000));
    EXPECT_EQ(config.connect_timeout, milliseconds(5'000));
    EXPECT_EQ(config.idle_timeout, milliseconds(60'000));
    EXPECT_EQ(config.wait, milliseconds(5'000));
    EXPECT_EQ(config.drain_timeout, milliseconds(5'000));
}

TEST(Config, TakesEveryDocumentedKey) {
    const Config config = good(R"({
        "enabled": false, "module": "/opt/gangway.so", "socket_path": "/run/gangway.sock",
        "socket_mode": "0660", "socket_owner": "root", "socket_group": 7, "max_connections": 9,
        "max_header_bytes": 2048, "client_timeout_seconds": 1.5, "connect_timeout_seconds": 2,
        "idle_timeout_seconds": 300, "wait_seconds": 0, "drain_timeout_seconds": 60})");
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
        BadValue{"max_connections", "0"}, BadValue{"max_connections", "65537"},
        BadValue{"max_connections", "1.5"}, BadValue{"max_header_bytes", "1023"},
        BadValue{"max_header_bytes", "65537"}, BadValue{"client_timeout_seconds", "0"},
        BadValue{"client_timeout_seconds", "86401"}, BadValue{"connect_timeout_seconds", "-1"},
        BadValue{"connect_timeout_seconds", "1e9"}, BadValue{"idle_timeout_seconds", "\"60\""},
        BadValue{"idle_timeout_seconds", "null"}, BadValue{"wait_seconds", "3601"},
        BadValue{"wait_seconds", "false"}, BadValue{"drain_timeout_seconds", "61"}));

TEST(Config, NamesTheLimitOfASocketPathThatIsTooLong) {
    const std::string longest = "/" + std::string(max_socket_path_bytes - 1, 'a');
    EXPECT_EQ(good("{\"socket_path\": \"" + longest + "\"}").socket_path, longest);
    const Error error = bad("{\"socket_path\": \"" + longest + "a\"}");
    EXPECT_NE(error.message.find("107"), std::string::npos) << error.message;
}

} // namespace
} // namespace gangway::config
