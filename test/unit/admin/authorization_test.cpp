#include "admin/authorization.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

constexpr uid_t agent = 33;

const std::vector<Account> accounts{{"admin", "full-secret", false},
                                    {"ro_admin", "ro-secret", true}};

const ProcessPasswords process_passwords;

gangway_group group(std::string_view password, std::optional<uid_t> uid) {
    gangway_group result{};
    result.password = pool::abi(password);
    result.has_user = uid ? 1 : 0;
    result.uid = uid.value_or(0);
    return result;
}

const gangway_group shop = group("shop-password-01", 1000);
const gangway_group blog = group("blog-password-02", 1001);

Credentials peer(uid_t uid) {
    return {uid, std::nullopt, std::nullopt};
}

// Base64 of "admin:full-secret", "ro_admin:ro-secret", "admin:wrong", "nobody:x", "admin:".
constexpr std::string_view admin_basic = "Basic YWRtaW46ZnVsbC1zZWNyZXQ=";
constexpr std::string_view readonly_basic = "Basic cm9fYWRtaW46cm8tc2VjcmV0";
constexpr std::string_view wrong_basic = "Basic YWRtaW46d3Jvbmc=";
constexpr std::string_view stranger_basic = "Basic bm9ib2R5Ong=";
constexpr std::string_view empty_basic = "Basic YWRtaW46";

Access of(const Credentials& credentials) {
    return authorize(credentials, accounts, process_passwords, agent);
}

TEST(Authorization, LetsRootAndTheAgentsOwnUserReachEverything) {
    for (const uid_t uid : {uid_t{0}, agent}) {
        const Access access = of(peer(uid));
        EXPECT_TRUE(access.sees_all());
        EXPECT_TRUE(access.may_act());
        EXPECT_TRUE(access.sees(shop));
    }
}

TEST(Authorization, LetsAFullAccountReachEverything) {
    const Access access = of({uid_t{4711}, std::nullopt, admin_basic});
    EXPECT_TRUE(access.sees_all());
    EXPECT_TRUE(access.may_act());
}

TEST(Authorization, LetsAReadOnlyAccountSeeEverythingAndChangeNothing) {
    const Access access = of({uid_t{4711}, std::nullopt, readonly_basic});
    EXPECT_TRUE(access.sees_all());
    EXPECT_FALSE(access.may_act());
}

TEST(Authorization, LetsTheHolderOfAPasswordReachItsGroupOnly) {
    const Access access = of({uid_t{4711}, "shop-password-01", std::nullopt});
    EXPECT_TRUE(access.sees(shop));
    EXPECT_FALSE(access.sees(blog));
    EXPECT_FALSE(access.sees_all());
    EXPECT_TRUE(access.may_act());
}

TEST(Authorization, LetsAUserReachThatUsersGroupsOnly) {
    const Access access = of(peer(1001));
    EXPECT_TRUE(access.sees(blog));
    EXPECT_FALSE(access.sees(shop));
    EXPECT_FALSE(access.sees_all());
    EXPECT_TRUE(access.may_act());
}

TEST(Authorization, DoesNotTakeAGroupWithoutAKnownUserForRoots) {
    EXPECT_FALSE(of(peer(1000)).sees(group("x", std::nullopt)));
}

TEST(Authorization, CountsCredentialsThatWereSentAlone) {
    EXPECT_TRUE(of({uid_t{0}, std::nullopt, wrong_basic}).is_none());
    EXPECT_FALSE(of({uid_t{0}, "wrong", std::nullopt}).sees(shop));
    EXPECT_TRUE(of({uid_t{0}, "", std::nullopt}).is_none());
    EXPECT_FALSE(of({uid_t{0}, "wrong", admin_basic}).sees(shop));
    EXPECT_TRUE(of({uid_t{0}, std::nullopt, "Bearer abc"}).is_none());
}

TEST(Authorization, TakesNobodyWithoutCredentials) {
    EXPECT_TRUE(of({std::nullopt, std::nullopt, std::nullopt}).is_none());
    EXPECT_TRUE(of({uid_t{4711}, std::nullopt, stranger_basic}).is_none());
    EXPECT_TRUE(of({uid_t{4711}, std::nullopt, empty_basic}).is_none());
}

TEST(Authorization, TakesNoAccountWhenThereAreNone) {
    EXPECT_TRUE(authorize({uid_t{4711}, std::nullopt, admin_basic}, {}, process_passwords, agent)
                    .is_none());
}

TEST(Authorization, NeverMatchesAnEmptyPassword) {
    const std::vector<Account> careless{{"admin", "", false}};
    EXPECT_TRUE(
        authorize({uid_t{4711}, std::nullopt, empty_basic}, careless, process_passwords, agent)
            .is_none());
    EXPECT_FALSE(Access::holder("").sees(group("", std::nullopt)));
}

gangway_process process(std::string_view gupid) {
    gangway_process result{};
    result.gupid = pool::abi(gupid);
    return result;
}

TEST(Authorization, LetsTheHolderOfAProcessesOwnPasswordReachThatProcessOnly) {
    const std::string password = process_passwords.of("1c89a24-aaaa");
    const Access access = of({uid_t{0}, password, std::nullopt});
    EXPECT_EQ(access.only_process(), "1c89a24-aaaa");
    EXPECT_TRUE(access.sees(shop, process("1c89a24-aaaa")));
    EXPECT_FALSE(access.sees(shop, process("1c89a24-aaab")));
    EXPECT_FALSE(access.sees(shop));
    EXPECT_FALSE(access.sees_all());
    EXPECT_TRUE(access.may_act());
    const pool::GroupFacts facts{"uuid", "shop-password-01", true, 1000};
    EXPECT_TRUE(access.sees(facts, "1c89a24-aaaa"));
    EXPECT_FALSE(access.sees(facts, "1c89a24-aaab"));
    EXPECT_FALSE(access.sees(facts, ""));
    EXPECT_FALSE(access.sees(facts));
}

TEST(Authorization, LetsWhoSeesAGroupSeeEachOfItsProcesses) {
    EXPECT_TRUE(of({uid_t{4711}, "shop-password-01", std::nullopt}).sees(shop, process("any")));
    EXPECT_FALSE(of({uid_t{4711}, "shop-password-01", std::nullopt}).sees(blog, process("any")));
    EXPECT_EQ(of({uid_t{4711}, "shop-password-01", std::nullopt}).only_process(), std::nullopt);
}

TEST(BasicCredentials, AreSplitAtTheFirstColon) {
    const auto basic = parse_basic("basic   dXNlcjpwYTpzcw=="); // user:pa:ss
    ASSERT_TRUE(basic.has_value());
    EXPECT_EQ(basic->username, "user");
    EXPECT_EQ(basic->password, "pa:ss");
}

TEST(BasicCredentials, AreRefusedWhenMalformed) {
    for (const char* text : {"", "Basic", "Basic ", "Digest abc", "Basic !!!!",
                             "Basic bm9jb2xvbg==", "Basic dXNlcjpwYQ==x"}) {
        EXPECT_FALSE(parse_basic(text).has_value()) << text;
    }
}

// What an unpadded value of every length decodes to, and no byte more.
TEST(BasicCredentials, AreLookedForInNoByteBeyondTheHeader) {
    const std::vector<char> header{'b', 'a', 's', 'i', 'c', ' '}; // nothing behind it
    EXPECT_FALSE(parse_basic({header.data(), header.size()}).has_value());
}

TEST(BasicCredentials, OfEveryLengthAreReadWithinTheirBounds) {
    for (std::size_t size = 0; size <= 200; size++) {
        EXPECT_FALSE(parse_basic("Basic " + std::string(size, '/')).has_value()) << size;
        const auto basic = parse_basic("Basic Ojo6" + std::string(size, 'A')); // ":::", then zeros
        if (size % 4 == 1) {
            EXPECT_FALSE(basic.has_value()) << size;
        } else {
            ASSERT_TRUE(basic.has_value()) << size;
            EXPECT_EQ(basic->username, "");
            EXPECT_EQ(basic->password, "::" + std::string(size * 3 / 4, '\0'));
        }
    }
}

TEST(AuthorizationHeader, IsGangwaysOnlyWithTheNameOfAnAccount) {
    EXPECT_TRUE(is_for_gangway(admin_basic, accounts));
    EXPECT_TRUE(is_for_gangway(wrong_basic, accounts));
    EXPECT_FALSE(is_for_gangway(stranger_basic, accounts));
    EXPECT_FALSE(is_for_gangway("Bearer abc", accounts));
}

TEST(ConstantTimeComparison, IsAComparison) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_in_constant_time("abc", "bbc"));
}

} // namespace
} // namespace gangway::admin
