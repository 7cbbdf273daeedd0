#include "gangway/base/exit_code.hpp"
#include "gangway/client/trusted_directory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace gangway::command {
namespace {

namespace fs = std::filesystem;

constexpr uid_t self = 1000;
constexpr uid_t stranger = 1001;
constexpr mode_t sticky = 01000;

const TrustedUsers trusted({0, self});

bool is_believed(uid_t owner, mode_t mode) {
    struct stat info {};
    info.st_uid = owner;
    info.st_mode = S_IFDIR | mode;
    return !distrust(info, trusted);
}

TEST(TrustedDirectory, BelongsToRootOrOneself) {
    EXPECT_TRUE(is_believed(0, 0755));
    EXPECT_TRUE(is_believed(self, 0700));
    EXPECT_FALSE(is_believed(stranger, 0755));
}

TEST(TrustedDirectory, IsWritableByItsOwnerAloneUnlessItIsSticky) {
    for (const mode_t mode : {0775U, 0757U, 0777U, 0722U}) {
        EXPECT_FALSE(is_believed(0, mode)) << std::oct << mode;
        EXPECT_TRUE(is_believed(0, mode | sticky)) << std::oct << mode;
        EXPECT_FALSE(is_believed(stranger, mode | sticky)) << std::oct << mode;
    }
}

TEST(TrustedUsersOfTheCommand, AreRootTheUserAndTheOneThatIsNamed) {
    const TrustedUsers users = TrustedUsers::of_command("");
    EXPECT_TRUE(users.contains(0));
    EXPECT_TRUE(users.contains(::geteuid()));
    EXPECT_FALSE(users.contains(::geteuid() + 12'345));
    EXPECT_TRUE(TrustedUsers::of_command("daemon").contains(1));
    EXPECT_THROW(TrustedUsers::of_command("no such user"), Failure);
}

// Below /tmp, as whoever runs the test.
class TrustedWay : public testing::Test {
  protected:
    TrustedWay() {
        std::string pattern = "/tmp/gangway-way-XXXXXX";
        base_ = ::mkdtemp(pattern.data());
        fs::create_directories(base_ / "a" / "b");
    }
    ~TrustedWay() override { fs::remove_all(base_); }

    // What is wrong with the way to it; "" when it was opened, and is that directory.
    [[nodiscard]] static std::string wrong(const fs::path& path, const fs::path& is) {
        const auto opened = open_trusted_directory(path, users);
        if (!opened) {
            return opened.error().reason;
        }
        struct stat there {};
        struct stat wanted {};
        EXPECT_EQ(::fstat(opened->get(), &there), 0);
        EXPECT_EQ(::stat(is.c_str(), &wanted), 0);
        EXPECT_EQ(there.st_ino, wanted.st_ino);
        return "";
    }
    [[nodiscard]] std::string wrong(const fs::path& path) const {
        return wrong(path, base_ / "a" / "b");
    }

    static inline const TrustedUsers users = TrustedUsers::of_command("");
    fs::path base_;
};

TEST_F(TrustedWay, LeadsThroughDirectoriesLinksAndDots) {
    EXPECT_EQ(wrong(base_ / "a" / "b"), "");
    EXPECT_EQ(wrong(base_ / "a" / "." / "b" / ".." / "b"), "");
    fs::create_symlink(base_ / "a", base_ / "absolute");
    fs::create_symlink("a/../a", base_ / "relative");
    fs::create_symlink("relative", base_ / "twice");
    for (const char* name : {"absolute", "relative", "twice"}) {
        EXPECT_EQ(wrong(base_ / name / "b"), "") << name;
    }
}

TEST_F(TrustedWay, IsRefusedWhereOthersMayChangeWhatIsOnIt) {
    fs::permissions(base_ / "a", fs::perms::others_write, fs::perm_options::add);
    EXPECT_NE(wrong(base_ / "a" / "b").find("may be written to by others"), std::string::npos);
    fs::permissions(base_ / "a", fs::perms::sticky_bit, fs::perm_options::add);
    EXPECT_EQ(wrong(base_ / "a" / "b"), "");
}

TEST_F(TrustedWay, EndsAtALoopAtAFileAndAtNothing) {
    fs::create_symlink("loop", base_ / "loop");
    EXPECT_NE(wrong(base_ / "loop"), "");
    EXPECT_NE(wrong(base_ / "none"), "");
    EXPECT_NE(wrong("/dev/null/x"), "");
    EXPECT_NE(wrong("/dev/null").find("is no directory"), std::string::npos);
}

} // namespace
} // namespace gangway::command
