#include "admin/accounts.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

class Accounts : public testing::Test {
  protected:
    Accounts() {
        std::string path = (std::filesystem::temp_directory_path() / "accounts-XXXXXX").string();
        directory_ = ::mkdtemp(path.data());
    }
    ~Accounts() override { std::filesystem::remove_all(directory_); }

    std::string file(const std::string& name, const std::string& content) const {
        std::string path = directory_ + "/" + name;
        std::ofstream(path) << content;
        return path;
    }
    static std::vector<Account> good(const std::string& config) {
        auto loaded = load_accounts(config);
        if (!loaded) {
            ADD_FAILURE() << loaded.error().text;
            return {};
        }
        return *loaded;
    }
    static std::string bad(const std::string& config) {
        const auto loaded = load_accounts(config);
        if (loaded) {
            ADD_FAILURE() << "was accepted: " << config;
            return {};
        }
        return loaded.error().text;
    }

  private:
    std::string directory_;
};

TEST_F(Accounts, AreReadAsTheWatchdogDescribesThem) {
    const auto accounts =
        good(R"({"api_server_authorizations":["readonly:ro_admin:)" + file("ro", " see\n") +
             R"(","full:admin:)" + file("full", "all") + R"(",":other:)" + file("other", "x") +
             R"(","plain:)" + file("plain", "y") + R"("]})");
    ASSERT_EQ(accounts.size(), 4U);
    EXPECT_EQ(accounts[0].username, "ro_admin");
    EXPECT_EQ(accounts[0].password, "see");
    EXPECT_TRUE(accounts[0].readonly);
    EXPECT_EQ(accounts[1].password, "all");
    EXPECT_FALSE(accounts[1].readonly);
    EXPECT_EQ(accounts[2].username, "other");
    EXPECT_FALSE(accounts[2].readonly);
    EXPECT_EQ(accounts[3].username, "plain");
}

TEST_F(Accounts, AreReadFromObjects) {
    const auto accounts =
        good(R"({"api_server_authorizations":[{"username":"a","password":"p","level":"readonly"},)"
             R"({"username":"b","password_file":")" +
             file("b", "q\n") + R"("}]})");
    ASSERT_EQ(accounts.size(), 2U);
    EXPECT_TRUE(accounts[0].readonly);
    EXPECT_EQ(accounts[1].password, "q");
    EXPECT_FALSE(accounts[1].readonly);
}

TEST_F(Accounts, AreNoneWhenTheAgentHasNone) {
    EXPECT_TRUE(good("").empty());
    EXPECT_TRUE(good("{}").empty());
    EXPECT_TRUE(good(R"({"api_server_authorizations":null})").empty());
}

TEST_F(Accounts, AreRefusedWithTheNameOfTheUnusableOne) {
    const std::string message =
        bad(R"({"api_server_authorizations":["full:admin:/does/not/exist"]})");
    EXPECT_NE(message.find("admin"), std::string::npos);
    EXPECT_NE(message.find("/does/not/exist"), std::string::npos);
    EXPECT_NE(bad(R"({"api_server_authorizations":["full:admin:/"]})").find("admin"),
              std::string::npos); // A directory, which can be opened.
    bad(R"({"api_server_authorizations":["nonsense"]})");
    bad(R"({"api_server_authorizations":["half:admin:/x"]})");
    bad(R"({"api_server_authorizations":[7]})");
    bad(R"({"api_server_authorizations":[{"username":7}]})");
    bad("{");
    bad(std::string(2000, '['));
}

} // namespace
} // namespace gangway::admin
