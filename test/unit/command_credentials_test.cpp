#include "gangway/credentials.hpp"
#include "gangway/exit_code.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace gangway::command {
namespace {

namespace fs = std::filesystem;

class ChooseCredentials : public testing::Test {
  protected:
    ChooseCredentials() {
        std::string pattern = (fs::temp_directory_path() / "gangway-instance-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        endpoint_ = {directory_ / "agents.s" / "gangway", directory_};
    }
    ~ChooseCredentials() override { fs::remove_all(directory_); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(directory_ / name) << content;
    }

    fs::path directory_;
    Endpoint endpoint_;
};

TEST_F(ChooseCredentials, SendsAGivenPasswordAlone) {
    write("full_admin_password.txt", "full");
    const Credentials chosen = choose_credentials("secret", endpoint_, Purpose::list);
    EXPECT_EQ(chosen.process_password, "secret");
    EXPECT_EQ(chosen.authorization, std::nullopt);
}

TEST_F(ChooseCredentials, PrefersTheFullAccountAndTakesOffTheLineEnd) {
    write("full_admin_password.txt", "full\n");
    write("read_only_admin_password.txt", "ro");
    EXPECT_EQ(choose_credentials("", endpoint_, Purpose::forward).authorization,
              basic_authorization("admin", "full"));
}

TEST_F(ChooseCredentials, UsesTheReadOnlyAccountForListsButNeverToForward) {
    write("read_only_admin_password.txt", "ro");
    EXPECT_EQ(choose_credentials("", endpoint_, Purpose::list).authorization,
              basic_authorization("ro_admin", "ro"));
    EXPECT_TRUE(choose_credentials("", endpoint_, Purpose::forward).empty());
}

TEST_F(ChooseCredentials, SendsNothingWithoutAReadablePassword) {
    EXPECT_TRUE(choose_credentials("", endpoint_, Purpose::list).empty());
    EXPECT_TRUE(choose_credentials("", {"/run/x", std::nullopt}, Purpose::list).empty());
}

// Anybody can make a directory that looks like an instance, and wait for root to send what a link
// there points to.
TEST_F(ChooseCredentials, DoesNotFollowLinksToOtherFiles) {
    write("elsewhere", "root's own secret");
    fs::create_symlink(directory_ / "elsewhere", directory_ / "full_admin_password.txt");
    EXPECT_TRUE(choose_credentials("", endpoint_, Purpose::forward).empty());
    fs::remove(directory_ / "full_admin_password.txt");
    fs::create_hard_link(directory_ / "elsewhere", directory_ / "full_admin_password.txt");
    EXPECT_TRUE(choose_credentials("", endpoint_, Purpose::forward).empty());
}

TEST_F(ChooseCredentials, RefusesAPasswordThatWouldEndTheHeader) {
    try {
        static_cast<void>(choose_credentials("a\r\nX: y", endpoint_, Purpose::list));
        FAIL() << "accepted";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
    }
}

TEST(BasicAuthorization, EncodesAsRfc4648WithPadding) {
    EXPECT_EQ(basic_authorization("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_EQ(basic_authorization("a", "b"), "Basic YTpi");
    EXPECT_EQ(basic_authorization("a", "bc"), "Basic YTpiYw==");
    EXPECT_EQ(basic_authorization("a", "\xff\xfe\xfd"), "Basic YTr//v0=");
}

} // namespace
} // namespace gangway::command
