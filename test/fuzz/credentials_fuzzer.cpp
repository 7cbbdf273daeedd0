// What a stranger sends before anybody knows who he is: Basic credentials and passwords.
#include "admin/authorization.hpp"
#include "fuzz_target.hpp"
#include "text/base64.hpp"

namespace gangway {
namespace {

using fuzz::require;

void fuzz_base64(std::string_view text) {
    const auto decoded = decode_base64(text);
    if (decoded) {
        const std::string encoded = encode_base64(*decoded);
        const std::string_view digits = std::string_view(encoded).substr(0, encoded.find('='));
        require(text == encoded || text == digits,
                "what decodes is what encoding gives, with or without its padding");
    }
    const auto again = decode_base64(encode_base64(text));
    require(again && *again == text, "what was encoded decodes to itself");
}

void fuzz_basic(std::string_view value) {
    const auto basic = admin::parse_basic(value);
    if (basic) {
        require(basic->username.find(':') == std::string::npos, "a user's name ends at a colon");
        const auto again =
            admin::parse_basic("Basic " + encode_base64(basic->username + ":" + basic->password));
        require(again && again->username == basic->username && again->password == basic->password,
                "credentials that were understood are understood again");
    }
}

void fuzz_authorize(std::string_view value) {
    const std::vector<admin::Account> accounts{{"admin", "secret", false},
                                               {"ro_admin", "other", true},
                                               {"", "", false},
                                               {"nobody", "", false}};
    static const admin::ProcessPasswords process_passwords;
    const auto access =
        admin::authorize({1000, std::nullopt, value}, accounts, process_passwords, 0);
    const auto basic = admin::parse_basic(value);
    const bool is_admin = basic && basic->username == "admin" && basic->password == "secret";
    const bool is_reader = basic && basic->username == "ro_admin" && basic->password == "other";
    require(access.is_none() == !(is_admin || is_reader), "only an account opens");
    require(access.sees_all() == (is_admin || is_reader), "an account sees everything");
    require(access.may_act() == is_admin, "only the full account acts");

    const auto holder =
        admin::authorize({1000, value, std::nullopt}, accounts, process_passwords, 0);
    require(!holder.sees_all(), "a connect password is no account's");
    require(value.empty() == holder.is_none(), "the empty connect password is nobody's");
    require(!holder.only_process(), "no guess is a process's own password");
    gangway_group group{};
    require(!holder.sees(group), "a group without a password is reached by none");
    group.password = pool::abi(value);
    require(value.empty() || holder.sees(group), "a group is reached by its password");
    const std::string longer = std::string(value) + "x";
    group.password = pool::abi(longer);
    require(!holder.sees(group), "a group is reached by its whole password only");
}

void fuzz_comparison(std::string_view text) {
    const std::string_view half = text.substr(text.size() / 2);
    const std::string_view other = text.substr(0, half.size());
    require(admin::equal_in_constant_time(half, other) == (half == other),
            "constant time gives the same as ==");
    require(admin::equal_in_constant_time(text, text), "a text equals itself");
}

} // namespace
} // namespace gangway

GANGWAY_FUZZ_TARGET(credentials) {
    gangway::fuzz_base64(bytes);
    gangway::fuzz_basic(bytes);
    gangway::fuzz_basic("Basic " + std::string(bytes));
    gangway::fuzz_authorize(bytes);
    gangway::fuzz_authorize("Basic " + std::string(bytes));
    gangway::fuzz_authorize("Basic " + gangway::encode_base64(bytes));
    gangway::fuzz_comparison(bytes);
}
