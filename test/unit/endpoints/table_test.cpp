#include "endpoints/table.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/json.h>

#include "endpoints/index.hpp"
#include "endpoints/openapi.hpp"
#include "support/look_up.hpp"

namespace gangway::endpoints {
namespace {

using admin::Endpoint;
using testing::HasSubstr;
using testing::Not;

TEST(Table, HasEachMethodOfAPathOnce) {
    std::set<std::string> seen;
    for (const Endpoint* endpoint : table()) {
        EXPECT_TRUE(endpoint->path.starts_with("/v1"));
        EXPECT_TRUE(
            seen.insert(std::string(word(endpoint->method)) + " " + std::string(endpoint->path))
                .second)
            << endpoint->path;
    }
}

TEST(Table, FindsEachOfItsRowsByItsPath) {
    for (const Endpoint* endpoint : table()) {
        if (endpoint->answer == nullptr) {
            continue;
        }
        std::string path(endpoint->path);
        if (const auto brace = path.find('{'); brace != std::string::npos) {
            path.replace(brace, path.find('}') + 1 - brace, "12");
        }
        const std::string_view query = path == "/v1/health/live" ? "?group=x" : "";
        const std::string target = path + std::string(query);
        const auto match = look_up(target, admin::Access::full(), word(endpoint->method));
        ASSERT_TRUE(match.has_value()) << target << match.error().detail;
        EXPECT_EQ(match->endpoint, endpoint);
    }
}

TEST(Table, TellsWhatEachIsInWordsOfItsOwn) {
    std::set<std::string_view> helps;
    for (const Endpoint* endpoint : table()) {
        EXPECT_FALSE(endpoint->help.empty() || endpoint->help.ends_with('.')) << endpoint->path;
        EXPECT_TRUE(helps.insert(endpoint->help).second) << endpoint->help;
        for (const admin::Parameter& parameter : endpoint->parameters) {
            EXPECT_FALSE(parameter.help.empty()) << endpoint->path << parameter.name;
            EXPECT_EQ(parameter.words != nullptr, parameter.type == admin::ParameterType::words);
        }
    }
}

TEST(Index, ListsEveryRow) {
    const std::string text = index_json(table());
    Json::Value index;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    ASSERT_TRUE(reader->parse(text.data(), text.data() + text.size(), &index, nullptr)) << text;
    ASSERT_EQ(index["endpoints"].size(), table().size());
    for (Json::ArrayIndex i = 0; i < table().size(); i++) {
        EXPECT_EQ(index["endpoints"][i]["path"].asString(), table()[i]->path);
        EXPECT_EQ(index["endpoints"][i]["parameters"].size(), table()[i]->parameters.size());
    }
}

TEST(Index, IsAPageForPeopleWithLinksThatCanBeFollowed) {
    const std::string page = index_page(table());
    for (const Endpoint* endpoint : table()) {
        EXPECT_THAT(page, HasSubstr(std::string(endpoint->path)));
    }
    EXPECT_THAT(page, HasSubstr("<a href=\"/v1/pool\">/v1/pool</a>"));
    EXPECT_THAT(page, Not(HasSubstr("<a href=\"/v1/groups/{name}\"")));
}

TEST(OpenApi, IsTheDocumentOfThisVersion) {
    EXPECT_TRUE(openapi_text.starts_with("openapi: 3.1.0\n"));
    EXPECT_TRUE(openapi_text.ends_with('\n'));
    EXPECT_THAT(std::string(openapi_text), HasSubstr("\n  /v1/processes/{id}:\n"));
}

} // namespace
} // namespace gangway::endpoints
