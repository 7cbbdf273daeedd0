#include "admin/process_password.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gangway::admin {
namespace {

const std::string gupid = "1c89a24-oUVjCDVGRu";

TEST(ProcessPassword, IsTheSameEachTimeAndAnotherForEachProcess) {
    const ProcessPasswords passwords;
    EXPECT_EQ(passwords.of(gupid), passwords.of(gupid));
    EXPECT_NE(passwords.of(gupid), passwords.of("1c89a24-oUVjCDVGRv"));
}

TEST(ProcessPassword, IsAnotherInEachLifeOfTheAgent) {
    EXPECT_NE(ProcessPasswords().of(gupid), ProcessPasswords().of(gupid));
}

TEST(ProcessPassword, HoldsTheWholeMac) {
    const std::string password = ProcessPasswords().of(gupid);
    EXPECT_EQ(password.substr(0, gupid.size() + 1), gupid + ".");
    EXPECT_EQ(password.size(), gupid.size() + 1 + 64);
    EXPECT_EQ(password.find_first_not_of("0123456789abcdef", gupid.size() + 1), std::string::npos);
}

TEST(ProcessPassword, NamesItsProcess) {
    const ProcessPasswords passwords;
    EXPECT_EQ(passwords.process_of(passwords.of(gupid)), gupid);
    EXPECT_EQ(ProcessPasswords().process_of(passwords.of(gupid)), std::nullopt);
}

TEST(ProcessPassword, IsRefusedWithAnyByteChangedLeftOutOrAdded) {
    const ProcessPasswords passwords;
    const std::string password = passwords.of(gupid);
    for (std::size_t at = 0; at < password.size(); at++) {
        for (int byte = 0; byte < 256; byte++) {
            std::string changed = password;
            changed[at] = static_cast<char>(byte);
            ASSERT_EQ(passwords.process_of(changed).has_value(), changed == password);
        }
        ASSERT_EQ(passwords.process_of(password.substr(0, at)), std::nullopt);
        ASSERT_EQ(passwords.process_of(password.substr(at + 1)), std::nullopt);
        ASSERT_EQ(passwords.process_of(std::string(password).insert(at, "0")), std::nullopt);
    }
    EXPECT_EQ(passwords.process_of(password + "0"), std::nullopt);
    EXPECT_EQ(passwords.process_of("x" + password), std::nullopt);
}

TEST(ProcessPassword, OfNoProcessOrOfATooLongNameIsNobodys) {
    const ProcessPasswords passwords;
    EXPECT_EQ(passwords.process_of(passwords.of("")), std::nullopt);
    EXPECT_EQ(passwords.process_of(passwords.of(std::string(64, 'a'))), std::string(64, 'a'));
    EXPECT_EQ(passwords.process_of(passwords.of(std::string(65, 'a'))), std::nullopt);
    EXPECT_EQ(passwords.process_of(passwords.of(std::string(60'000, 'a'))), std::nullopt);
}

} // namespace
} // namespace gangway::admin
