// What a caller may ask of the listing, and what a pool with odd content makes of it.
#include "listing_fixture.h"

#include <sstream>

namespace gangway::test {

// ---------------------------------------------------------------- filters

TEST_F(ListingTest, FilterGroupKeepsTheProcessesOfThatGroup) {
    idle(1);
    idle(host().add_group("other"), 2);
    start();
    EXPECT_EQ(pids(list("?group=other")), std::vector<int>{2});
    EXPECT_EQ(pids(list("?group=%2Fsrv%2Fshop%20(production)")), std::vector<int>{1});
    EXPECT_EQ(pids(list("?group=unknown")), std::vector<int>{});
}

TEST_F(ListingTest, FilterStateKeepsTheProcessesInTheseStates) {
    idle(1);
    idle(2)->enabled = GANGWAY_PROCESS_DISABLED;
    idle(3)->enabled = GANGWAY_PROCESS_DETACHED;
    start();
    EXPECT_EQ(pids(list("?state=enabled")), std::vector<int>{1});
    EXPECT_EQ(pids(list("?state=disabled,detached")), (std::vector<int>{2, 3}));
    EXPECT_EQ(pids(list("?state=dead")), std::vector<int>{});
    EXPECT_EQ(pids(list("?state=enabled&group=nope")), std::vector<int>{});
}

TEST_F(ListingTest, FilterFieldsKeepsTheseFieldsInTheOrderOfTheList) {
    idle(1);
    start();
    const std::vector<std::string> wanted = {"pid", "state", "sockets"};
    const std::string query = "?fields=sockets,pid,state";
    EXPECT_EQ(names_in_order(list(query)["processes"][0]), wanted);
    EXPECT_EQ(names_in_order(json(get("/v1/processes/1" + query))["process"]), wanted);
    const Json::Value group = json(get("/v1/groups/%2Fsrv%2Fshop%20(production)" + query));
    EXPECT_EQ(names_in_order(group["processes"][0]), wanted);
    EXPECT_EQ(names_in_order(group["group"]), group_fields());
}

TEST_F(ListingTest, SecretsAddThePasswordsAtTheEnd) {
    idle(1);
    start();
    EXPECT_EQ(get("/v1/processes").body.find("group-password"), std::string::npos);
    EXPECT_FALSE(list("?secrets=false")["processes"][0].isMember("password"));
    auto expected = process_fields();
    expected.emplace_back("password");
    expected.emplace_back("process_password");
    const Json::Value row = list("?secrets=true")["processes"][0];
    EXPECT_EQ(names_in_order(row), expected);
    EXPECT_EQ(row["password"], "group-password");
    EXPECT_NE(row["process_password"], row["password"]);
}

TEST_F(ListingTest, ABadParameterIsNamed) {
    idle(1);
    start();
    const std::vector<std::pair<std::string, std::string>> table = {
        {"/v1/processes?limit=3", "limit"},     {"/v1/processes?state=sleeping", "state"},
        {"/v1/processes?state=", "state"},      {"/v1/processes?fields=pid,colour", "fields"},
        {"/v1/processes?secrets=1", "secrets"}, {"/v1/processes?group=a&group=b", "group"},
        {"/v1/processes/1?group=a", "group"},   {"/v1/processes/1?state=enabled", "state"},
        {"/v1/pool?secrets=true", "secrets"},   {"/v1/groups?fields=name", "fields"},
        {"/v1/processes?Group=a", "Group"},
    };
    for (const auto& [target, word] : table) {
        EXPECT_TRUE(is_problem(get(target), 400, "bad_parameter", word)) << target;
    }
}

TEST_F(ListingTest, AParameterMayBePercentEncoded) {
    idle(1);
    start();
    EXPECT_EQ(pids(list("?st%61te=en%61bled")), std::vector<int>{1});
    EXPECT_TRUE(is_problem(get("/v1/processes?group=%zz"), 400, "bad_parameter"));
}

// ---------------------------------------------------------------- HTTP

TEST_F(ListingTest, HeadIsAnsweredLikeGetWithoutTheBody) {
    idle(1);
    start();
    Client connection = client();
    for (const char* target : {"/v1/pool", "/v1/groups", "/v1/processes", "/v1/processes/1"}) {
        const Response head = connection.request({"HEAD", target});
        EXPECT_EQ(head.status, 200) << target;
        EXPECT_EQ(head.header("Content-Type"), "application/json") << target;
    }
    EXPECT_EQ(connection.get("/v1/pool").status, 200) << "the connection is still in step";
}

TEST_F(ListingTest, AnotherMethodIsToldTheAllowedOnes) {
    idle(1);
    start();
    for (const char* target : {"/v1/pool", "/v1/groups", "/v1/processes", "/v1/processes/1"}) {
        for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
            const Response response = send({method, target});
            EXPECT_TRUE(is_problem(response, 405, "method_not_allowed")) << method << target;
            const std::string allow = response.header("Allow").value_or("");
            EXPECT_NE(allow.find("GET"), std::string::npos) << allow;
            EXPECT_NE(allow.find("HEAD"), std::string::npos) << allow;
        }
    }
}

TEST_F(ListingTest, AnUnknownPathIsNotFound) {
    start();
    for (const char* target : {"/", "/v1/", "/v1/nothing", "/v2/pool", "/v1/pool/x",
                               "/v1/processes/1/other", "/v1x/pool"}) {
        EXPECT_TRUE(is_problem(get(target), 404, "not_found")) << target;
    }
}

// ---------------------------------------------------------------- odd pools

TEST_F(ListingTest, StrangeBytesInNamesAreStillValidJson) {
    const std::string strange = "a\"b\\c\n\t\x01\x7f \xff\xc3( \xed\xa0\x80 \xe2\x82\xac</script>";
    group().name = strange;
    group().app_root = strange;
    auto process = idle(1);
    process->metrics = {true, 0, 1, 1, 1, 1, 1, 1, 1, strange};
    process->code_revision = std::string("\0x", 2);
    process->sockets[0].description = strange;
    start();
    for (const char* target : {"/v1/groups", "/v1/processes", "/v1/processes/1"}) {
        Json::CharReaderBuilder strict;
        Json::CharReaderBuilder::strictMode(&strict.settings_);
        std::string errors;
        Json::Value document;
        std::istringstream body(get(target).body);
        EXPECT_TRUE(Json::parseFromStream(strict, body, &document, &errors)) << errors;
        EXPECT_EQ(body.str().find('\xff'), std::string::npos) << "not UTF-8";
        EXPECT_EQ(body.str().find("\xed\xa0\x80"), std::string::npos) << "a surrogate";
    }
    const std::string command = only_row()["command"].asString();
    EXPECT_TRUE(command.starts_with("a\"b\\c\n\t\x01\x7f ")) << command;
    EXPECT_TRUE(command.ends_with(" \xe2\x82\xac</script>")) << command;
    EXPECT_EQ(only_row()["code_revision"].asString(), std::string("\0x", 2));
}

TEST_F(ListingTest, AThousandProcessesAreListed) {
    for (int pid = 1; pid <= 1000; ++pid) {
        idle(pid)->metrics = {true, 1, pid, 1, 1, 1, 1, 1, 1, "Passenger RubyApp"};
    }
    start();
    Client connection = client();
    for (int round = 0; round < 5; ++round) {
        const Json::Value document = json(connection.get("/v1/processes?secrets=true"));
        ASSERT_EQ(document["processes"].size(), 1000U);
        EXPECT_EQ(document["processes"][999]["pid"], 1000);
    }
    EXPECT_EQ(json(connection.get("/v1/processes/777"))["process"]["pid"], 777);
}

TEST_F(ListingTest, APoolThatGrowsWhileItIsReadIsReadAgain) {
    idle(1);
    start();
    host().inject({3, false, false});
    EXPECT_EQ(pids(list()), std::vector<int>{1});
}

TEST_F(ListingTest, AFailingSnapshotIsAnInternalError) {
    idle(1);
    start();
    host().inject({0, true, false});
    EXPECT_TRUE(is_problem(get("/v1/processes"), 500, "internal_error"));
    host().inject({});
    EXPECT_EQ(get("/v1/processes").status, 200);
}

} // namespace gangway::test
