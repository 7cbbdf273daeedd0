#include "gangway/agent/choose_credentials.hpp"
#include "gangway/base/exit_code.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace gangway::command {
namespace {

namespace fs = std::filesystem;

class ChooseCredentials : public testing::Test {
  protected:
    ChooseCredentials() {
        std::string pattern = (fs::temp_directory_path() / "gangway-instance-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        endpoint_.socket = directory_ / "agents.s" / "gangway";
        endpoint_.instance_directory = std::make_shared<const FileDescriptor>(
            ::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    ~ChooseCredentials() override { fs::remove_all(directory_); }

    void write(const std::string& name, const std::string& content) const {
        std::ofstream(directory_ / name) << content;
    }

    fs::path directory_;
    // Not root, and not the directory's owner.
    [[nodiscard]] Credentials chosen_by_another(const std::string& password,
                                                Purpose purpose) const {
        return choose_credentials(password, endpoint_, purpose, ::geteuid() + 4711);
    }

    Endpoint endpoint_{{}, TrustedUsers({0}), nullptr, false};
};

TEST_F(ChooseCredentials, SendsAGivenPasswordAlone) {
    write("full_admin_password.txt", "full");
    const Credentials chosen = chosen_by_another("secret", Purpose::list);
    EXPECT_EQ(chosen.process_password, "secret");
    EXPECT_EQ(chosen.authorization, std::nullopt);
}

TEST_F(ChooseCredentials, PrefersTheFullAccountAndTakesOffTheLineEnd) {
    write("full_admin_password.txt", "full\n");
    write("read_only_admin_password.txt", "ro");
    EXPECT_EQ(chosen_by_another("", Purpose::forward).authorization,
              basic_authorization("admin", "full"));
}

TEST_F(ChooseCredentials, UsesTheReadOnlyAccountForListsButNeverToForward) {
    write("read_only_admin_password.txt", "ro");
    EXPECT_EQ(chosen_by_another("", Purpose::list).authorization,
              basic_authorization("ro_admin", "ro"));
    EXPECT_TRUE(chosen_by_another("", Purpose::forward).empty());
}

TEST_F(ChooseCredentials, SendsNothingWithoutAReadablePassword) {
    EXPECT_TRUE(chosen_by_another("", Purpose::list).empty());
    EXPECT_TRUE(
        choose_credentials("", {"/run/x", TrustedUsers({0}), nullptr, false}, Purpose::list, 4711)
            .empty());
}

// Who may do everything by the uid alone is not locked out by what the file holds.
TEST_F(ChooseCredentials, SendsNothingForRootAndTheOwnerOfTheInstance) {
    write("full_admin_password.txt", "changed by mistake");
    EXPECT_TRUE(choose_credentials("", endpoint_, Purpose::forward, 0).empty());
    EXPECT_TRUE(choose_credentials("", endpoint_, Purpose::list, ::geteuid()).empty());
    EXPECT_EQ(choose_credentials("given", endpoint_, Purpose::list, 0).process_password, "given");
}

TEST_F(ChooseCredentials, KnowsWhereARefusedPasswordCameFrom) {
    write("full_admin_password.txt", "full");
    const Credentials from_file = chosen_by_another("", Purpose::forward);
    EXPECT_NE(from_file.refused.find((directory_ / "full_admin_password.txt").string()),
              std::string::npos)
        << from_file.refused;
    EXPECT_EQ(chosen_by_another("given", Purpose::forward).refused.find("full_admin"),
              std::string::npos);
}

// Anybody can make a directory that looks like an instance, and wait for root to send what a link
// there points to.
TEST_F(ChooseCredentials, DoesNotFollowLinksToOtherFiles) {
    write("elsewhere", "root's own secret");
    fs::create_symlink(directory_ / "elsewhere", directory_ / "full_admin_password.txt");
    EXPECT_TRUE(chosen_by_another("", Purpose::forward).empty());
    fs::remove(directory_ / "full_admin_password.txt");
    fs::create_hard_link(directory_ / "elsewhere", directory_ / "full_admin_password.txt");
    EXPECT_TRUE(chosen_by_another("", Purpose::forward).empty());
}

TEST_F(ChooseCredentials, RefusesAPasswordThatWouldEndTheHeader) {
    try {
        static_cast<void>(chosen_by_another("a\r\nX: y", Purpose::list));
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
