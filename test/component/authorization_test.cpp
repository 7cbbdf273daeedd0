// Who may see and reach what: the table of docs/api.md.
//
// The test's own user is the agent's user and so trusted by the credentials of its socket when it
// sends none. The other rows send credentials; those of another user need a test that runs as root.
#include "fixture.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace gangway::test {

namespace {

constexpr auto shop_password = "shop-password-1";
constexpr auto blog_password = "blog-password-2";

Headers with_password(const std::string& password) {
    return {{"X-Passenger-Connect-Password", password}};
}

// A client whose socket has the credentials of another user. Only the calling thread changes its
// user, as setresuid(2) does without the C library around it.
Client client_of_user(const std::string& path, uid_t uid) {
    struct Other {
        explicit Other(uid_t id) { ::syscall(SYS_setresuid, -1, id, -1); }
        ~Other() { ::syscall(SYS_setresuid, -1, 0, -1); }
    };
    const Other other(uid);
    return Client(path);
}

} // namespace

class AuthorizationTest : public ModuleTest {
  protected:
    // Two groups with a process each. Both answer.
    void fill_pool() {
        group().password = shop_password;
        shop_ = ruby_worker(101, behave::answer_pid());
        Group& blog = host().add_group("blog");
        blog.password = blog_password;
        blog.uid = 4'000'002;
        host().add_worker(blog, 202, {}, behave::answer_pid());
    }

    void start_with_accounts(const std::string& accounts) {
        use_agent_config(R"({"api_server_authorizations": )" + accounts + "}");
        fill_pool();
        start();
    }
    void start_with_accounts() {
        start_with_accounts(
            R"([{"username": "boss", "password": "boss-secret", "level": "full"},
                {"username": "watch", "password": "watch-secret", "level": "readonly"}])");
    }

    std::vector<int> visible(Client& from, const Headers& headers) {
        std::vector<int> pids;
        const Json::Value document = json(from.get("/v1/processes", headers));
        for (const Json::Value& row : document["processes"]) {
            pids.push_back(row["pid"].asInt());
        }
        return pids;
    }
    std::vector<int> visible(const Headers& headers) {
        Client connection = client();
        return visible(connection, headers);
    }

    // Everything that a caller without access may ask: always 401, and nothing in it.
    // Each on a connection of its own: a stranger's takes three.
    template <class Connect>
    void expect_nothing_learned(const Connect& connect, const Headers& headers) {
        for (const std::string target :
             {"/v1/pool", "/v1/groups", "/v1/groups/blog", "/v1/groups/nope", "/v1/processes",
              "/v1/processes/101", "/v1/processes/999", "/v1/processes/101/request/",
              "/v1/processes/999/request/"}) {
            Client from = connect();
            const Response response = from.get(target, headers);
            EXPECT_TRUE(is_problem(response, 401, "unauthorized")) << target;
            for (const char* word : {"101", "gupid", "blog", "shop", "password-"}) {
                EXPECT_EQ(response.body.find(word), std::string::npos)
                    << target << " says " << word << ": " << response.body;
            }
        }
        EXPECT_TRUE(shop_->worker().requests().empty());
    }

    std::shared_ptr<Process> shop_;
};

// ---------------------------------------------------------------- peer credentials

TEST_F(AuthorizationTest, TheAgentsOwnUserSeesAndReachesEverything) {
    start_with_accounts();
    EXPECT_EQ(visible({}), (std::vector<int>{101, 202}));
    EXPECT_EQ(json(get("/v1/processes?secrets=true"))["processes"][1]["password"], blog_password);
    EXPECT_EQ(get(request_path(202)).body, "202 GET /");
}

class AuthorizationOfAnotherUser : public AuthorizationTest,
                                   public ::testing::WithParamInterface<uid_t> {};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AuthorizationOfAnotherUser);
INSTANTIATE_TEST_SUITE_P(AsRoot, AuthorizationOfAnotherUser, as_root<uid_t>({4'000'009}));

TEST_P(AuthorizationOfAnotherUser, AnApplicationsOwnUserSeesAndReachesThatUsersGroups) {
    fill_pool();
    group().uid = GetParam();
    start();
    Client app = client_of_user(socket_path(), GetParam());
    EXPECT_EQ(visible(app, {}), std::vector<int>{101});
    EXPECT_EQ(app.get(request_path(101)).body, "101 GET /");
    EXPECT_EQ(json(app.get("/v1/processes?secrets=true"))["processes"][0]["password"],
              shop_password);
    EXPECT_TRUE(is_problem(app.get("/v1/processes/202"), 404, "process_not_found"));
    EXPECT_TRUE(is_problem(app.get(request_path(202)), 404, "process_not_found"));
    EXPECT_TRUE(is_problem(app.get("/v1/groups/blog"), 404, "group_not_found"));
    const Json::Value pool = json(app.get("/v1/pool"));
    EXPECT_EQ(pool["groups"], 1);
    EXPECT_EQ(pool["processes"], 1);
    EXPECT_TRUE(pool["get_wait_list_size"].isNull());
}

TEST_P(AuthorizationOfAnotherUser, AnyOtherUserLearnsNothing) {
    start_with_accounts();
    const auto connect = [&] { return client_of_user(socket_path(), GetParam()); };
    expect_nothing_learned(connect, {});
    Client stranger = connect();
    EXPECT_EQ(visible(stranger, with_password(blog_password)), std::vector<int>{202});
}

TEST_P(AuthorizationOfAnotherUser, AGroupWithoutKnownUserIsNoUsersGroup) {
    fill_pool();
    group().uid = GetParam();
    group().has_user = false;
    start();
    expect_nothing_learned([&] { return client_of_user(socket_path(), GetParam()); }, {});
}

TEST_F(AuthorizationTest, GroupOfTheTestsOwnUserIsOneOfManyForIt) {
    fill_pool();
    group().uid = ::geteuid();
    start();
    EXPECT_EQ(visible({}), (std::vector<int>{101, 202}));
    EXPECT_EQ(visible(with_password(blog_password)), std::vector<int>{202});
}

// ---------------------------------------------------------------- a process's password

TEST_F(AuthorizationTest, APasswordShowsAndReachesItsGroupAndNothingElse) {
    start_with_accounts();
    const Headers holder = with_password(blog_password);
    EXPECT_EQ(visible(holder), std::vector<int>{202});
    EXPECT_EQ(get(request_path(202), holder).body, "202 GET /");
    EXPECT_EQ(get("/v1/groups/blog", holder).status, 200);
    EXPECT_EQ(json(get("/v1/groups", holder))["groups"].size(), 1U);
    EXPECT_EQ(json(get("/v1/processes?secrets=true", holder))["processes"][0]["password"],
              blog_password);
    const Json::Value pool = json(get("/v1/pool", holder));
    EXPECT_EQ(pool["groups"], 1);
    EXPECT_EQ(pool["processes"], 1);
    EXPECT_TRUE(pool["get_wait_list_size"].isNull());
}

TEST_F(AuthorizationTest, WhatIsOutOfReachAnswersLikeWhatDoesNotExist) {
    start_with_accounts();
    Client connection = client();
    const Headers holder = with_password(blog_password);
    const auto body_of = [&](const std::string& target) {
        return connection.get(target, holder).body;
    };
    EXPECT_TRUE(is_problem(get("/v1/processes/101", holder), 404, "process_not_found"));
    EXPECT_EQ(body_of("/v1/processes/101"), body_of("/v1/processes/999"));
    EXPECT_TRUE(is_problem(get(request_path(101), holder), 404, "process_not_found"));
    EXPECT_EQ(body_of(request_path(101)), body_of(request_path(999)));
    const std::string shop = "/v1/groups/%2Fsrv%2Fshop%20(production)";
    EXPECT_TRUE(is_problem(get(shop, holder), 404, "group_not_found"));
    EXPECT_EQ(json(get("/v1/processes?group=%2Fsrv%2Fshop%20(production)", holder))["processes"],
              Json::Value(Json::arrayValue));
    EXPECT_TRUE(shop_->worker().requests().empty());
}

TEST_F(AuthorizationTest, AWrongPasswordIsRefusedEvenForTheAgentsUser) {
    start_with_accounts();
    for (const std::string wrong :
         {"", "x", "shop-password", "shop-password-11", "SHOP-PASSWORD-1", "boss-secret"}) {
        expect_nothing_learned([&] { return client(); }, with_password(wrong));
    }
}

TEST_F(AuthorizationTest, AnEmptyPasswordOpensNoGroupWithoutPassword) {
    fill_pool();
    group().password = "";
    start();
    expect_nothing_learned([&] { return client(); }, with_password(""));
}

TEST_F(AuthorizationTest, TwoPasswordsInOneRequestAreNotGuesses) {
    start_with_accounts();
    const auto ask = [this](const std::string& first, const std::string& second) {
        Headers two = with_password(first);
        two.emplace_back("X-Passenger-Connect-Password", second);
        return get("/v1/processes/101", two);
    };
    // The first counts; that there are two is told only to who has access.
    EXPECT_TRUE(is_problem(ask("wrong", shop_password), 401, "unauthorized"));
    EXPECT_TRUE(is_problem(ask(shop_password, "wrong"), 400, "bad_header"));
    EXPECT_TRUE(is_problem(ask(shop_password, shop_password), 400, "bad_header"));
}

// ---------------------------------------------------------------- accounts

TEST_F(AuthorizationTest, AFullAccountSeesAndReachesEverything) {
    start_with_accounts();
    const Headers boss = basic("boss", "boss-secret");
    EXPECT_EQ(visible(boss), (std::vector<int>{101, 202}));
    EXPECT_EQ(json(get("/v1/processes?secrets=true", boss))["processes"][0]["password"],
              shop_password);
    EXPECT_EQ(get(request_path(101), boss).body, "101 GET /");
    EXPECT_EQ(json(get("/v1/pool", boss))["get_wait_list_size"], 0);
}

TEST_F(AuthorizationTest, AReadOnlyAccountListsEverythingAndNothingMore) {
    start_with_accounts();
    const Headers watch = basic("watch", "watch-secret");
    EXPECT_EQ(visible(watch), (std::vector<int>{101, 202}));
    EXPECT_EQ(get("/v1/pool", watch).status, 200);
    for (const char* target : {"/v1/processes?secrets=true", "/v1/processes/101?secrets=true",
                               "/v1/groups/blog?secrets=true", "/v1/processes/101/request/"}) {
        EXPECT_TRUE(is_problem(get(target, watch), 403, "forbidden")) << target;
    }
    Headers outside = watch;
    outside.emplace_back("X-Passenger-Process", "101");
    EXPECT_TRUE(is_problem(get("/", outside), 403, "forbidden"));
    EXPECT_TRUE(shop_->worker().requests().empty());
}

TEST_F(AuthorizationTest, AWrongAccountIsRefusedEvenForTheAgentsUser) {
    start_with_accounts();
    Client connection = client();
    const std::vector<Headers> table = {
        basic("boss", "wrong"),
        basic("boss", ""),
        basic("boss", "watch-secret"),
        basic("nobody", "boss-secret"),
        basic("", ""),
        {{"Authorization", "Basic !!!"}},
        {{"Authorization", "Basic"}},
        {{"Authorization", "Basic " + base64("boss")}},
        {{"Authorization", "Bearer boss-secret"}},
    };
    for (const Headers& headers : table) {
        for (const std::string target : {"/v1/pool", "/v1/processes", "/v1/processes/999"}) {
            EXPECT_TRUE(is_problem(connection.get(target, headers), 401, "unauthorized"))
                << headers[0].second;
        }
    }
}

TEST_F(AuthorizationTest, TheSchemeIsReadWithoutRegardToCase) {
    start_with_accounts();
    EXPECT_EQ(get("/v1/pool", {{"Authorization", "basic " + base64("boss:boss-secret")}}).status,
              200);
}

TEST_F(AuthorizationTest, WithPasswordAndAccountThePasswordCounts) {
    start_with_accounts();
    Headers both = basic("boss", "boss-secret");
    both.emplace_back("X-Passenger-Connect-Password", blog_password);
    EXPECT_EQ(visible(both), std::vector<int>{202});
    both.back().second = "wrong";
    EXPECT_TRUE(is_problem(get("/v1/processes", both), 401, "unauthorized"));
}

TEST_F(AuthorizationTest, AccountsMayStandAsDescriptionsWithPasswordFiles) {
    const std::string folder = directory();
    write_file("boss.txt", "boss-secret\n");
    write_file("watch.txt", " watch-secret \n");
    start_with_accounts("[\"boss:" + folder + "/boss.txt\", \"readonly:watch:" + folder +
                        R"(/watch.txt", {"username": "third", "password_file": ")" + folder +
                        "/boss.txt\"}]");
    EXPECT_EQ(get(request_path(101), basic("boss", "boss-secret")).status, 200);
    EXPECT_EQ(get(request_path(101), basic("third", "boss-secret")).status, 200);
    EXPECT_EQ(get("/v1/pool", basic("watch", "watch-secret")).status, 200);
    EXPECT_TRUE(
        is_problem(get(request_path(101), basic("watch", "watch-secret")), 403, "forbidden"));
}

TEST_F(AuthorizationTest, TheWatchdogsPasswordFilesAreTheAdministratorsAccounts) {
    write_file("full_admin_password.txt", "full-admin-secret");
    write_file("read_only_admin_password.txt", "ro-admin-secret");
    // As WatchdogMain.cpp hands them to the core.
    start_with_accounts("[\"readonly:ro_admin:" + directory() +
                        "/read_only_admin_password.txt\", \"full:admin:" + directory() +
                        "/full_admin_password.txt\"]");
    const Headers admin = basic("admin", "full-admin-secret");
    EXPECT_EQ(json(get("/v1/processes?secrets=true", admin))["processes"][0]["password"],
              shop_password);
    EXPECT_EQ(get(request_path(101), admin).body, "101 GET /");
    EXPECT_EQ(shop_->worker().requests().at(0).header("Authorization"), std::nullopt);
    const Headers watch = basic("ro_admin", "ro-admin-secret");
    EXPECT_EQ(visible(watch), (std::vector<int>{101, 202}));
    EXPECT_TRUE(is_problem(get(request_path(101), watch), 403, "forbidden"));
    EXPECT_TRUE(
        is_problem(get("/v1/pool", basic("admin", "ro-admin-secret")), 401, "unauthorized"));
}

TEST_F(AuthorizationTest, WithoutAccountsNoAccountIsValid) {
    fill_pool();
    start();
    Client connection = client();
    for (const Headers& headers :
         {basic("admin", ""), basic("", ""), basic("ro_admin", "ro_admin")}) {
        EXPECT_TRUE(is_problem(connection.get("/v1/pool", headers), 401, "unauthorized"));
    }
}

// ---------------------------------------------------------------- what is passed on

TEST_F(AuthorizationTest, GangwaysOwnCredentialsDoNotReachTheApplication) {
    start_with_accounts();
    ASSERT_EQ(get(request_path(101), basic("boss", "boss-secret")).status, 200);
    ASSERT_EQ(get(request_path(101), with_password(shop_password)).status, 200);
    for (const WorkerRequest& request : shop_->worker().requests()) {
        EXPECT_EQ(request.header("Authorization"), std::nullopt);
        EXPECT_EQ(request.header("X-Passenger-Connect-Password"), std::nullopt);
    }
}

TEST_F(AuthorizationTest, TheApplicationsOwnAuthorizationIsPassedOn) {
    start_with_accounts();
    for (const Headers& own :
         {basic("customer", "1234"), Headers{{"Authorization", "Bearer abc"}}}) {
        Headers headers = with_password(shop_password);
        headers.push_back(own[0]);
        ASSERT_EQ(get(request_path(101), headers).status, 200);
        EXPECT_EQ(shop_->worker().requests().back().header("Authorization"), own[0].second);
    }
}

TEST_F(AuthorizationTest, AnApplicationsAuthorizationLeavesTheCallerToPeerCredentials) {
    start_with_accounts();
    const Response response = get(request_path(101), {{"Authorization", "Bearer abc"}});
    EXPECT_EQ(response.body, "101 GET /");
    EXPECT_EQ(shop_->worker().requests().back().header("Authorization"), "Bearer abc");
}

TEST_F(AuthorizationTest, AWrongPasswordOfAnAccountsNameIsRefusedOnForwardedRequestsToo) {
    start_with_accounts();
    EXPECT_TRUE(is_problem(get(request_path(101), basic("boss", "wrong")), 401, "unauthorized"));
    EXPECT_TRUE(shop_->worker().requests().empty());
}

} // namespace gangway::test
