#include "admin/authorization.hpp"

#include <algorithm>

#include "message/fields.hpp"
#include "text/base64.hpp"

namespace gangway::admin {

namespace {

const Account* find_account(const std::vector<Account>& accounts, std::string_view username) {
    const auto found = std::find_if(accounts.begin(), accounts.end(), [&](const Account& account) {
        return account.username == username;
    });
    return found == accounts.end() ? nullptr : &*found;
}

Access authorize_account(std::string_view authorization, const std::vector<Account>& accounts) {
    const auto basic = parse_basic(authorization);
    if (!basic) {
        return Access::none();
    }
    const Account* account = find_account(accounts, basic->username);
    if (account == nullptr || account->password.empty() ||
        !equal_in_constant_time(account->password, basic->password)) {
        return Access::none();
    }
    return account->readonly ? Access::readonly() : Access::full();
}

Access authorize_password(std::string_view password, const ProcessPasswords& of_processes) {
    if (password.empty()) {
        return Access::none();
    }
    const auto gupid = of_processes.process_of(password);
    return gupid ? Access::process(*gupid) : Access::holder(password);
}

} // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    volatile unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); i++) {
        difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    }
    return difference == 0;
}

std::optional<BasicCredentials> parse_basic(std::string_view authorization) {
    constexpr std::string_view scheme = "Basic ";
    if (authorization.size() < scheme.size() ||
        !message::same_token(authorization.substr(0, scheme.size()), scheme)) {
        return std::nullopt;
    }
    std::string_view encoded = authorization.substr(scheme.size());
    encoded.remove_prefix(std::min(encoded.find_first_not_of(' '), encoded.size()));
    const auto decoded = decode_base64(encoded);
    const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) {
        return std::nullopt;
    }
    return BasicCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

bool Access::reaches(std::string_view password, bool has_user, uid_t uid) const {
    switch (kind_) {
    case Kind::none:
    case Kind::process:
        return false;
    case Kind::peer:
    case Kind::full:
    case Kind::readonly:
        return true;
    case Kind::password:
        return !password.empty() && equal_in_constant_time(password, password_);
    case Kind::user:
        return has_user && uid == uid_;
    }
    return false;
}

std::string_view Access::word() const {
    switch (kind_) {
    case Kind::none:
        return "none";
    case Kind::peer:
        return "root";
    case Kind::full:
        return "full";
    case Kind::readonly:
        return "readonly";
    case Kind::password:
        return "password";
    case Kind::process:
        return "process";
    case Kind::user:
        return "user";
    }
    return "none";
}

bool Access::sees(const gangway_group& group) const {
    return reaches(pool::view(group.password), group.has_user != 0, group.uid);
}

bool Access::sees(const pool::GroupFacts& group) const {
    return reaches(group.password, group.has_user, group.uid);
}

bool Access::sees(const gangway_process_identity& process) const {
    return is_only(pool::view(process.gupid)) ||
           reaches(pool::view(process.password), process.has_user != 0, process.uid);
}

bool Access::sees(const gangway_group& group, const gangway_process& process) const {
    return is_only(pool::view(process.gupid)) || sees(group);
}

bool Access::sees(const pool::GroupFacts& group, std::string_view gupid) const {
    return is_only(gupid) || sees(group);
}

bool Access::is_only(std::string_view gupid) const {
    return kind_ == Kind::process && !gupid.empty() && gupid == gupid_;
}

std::optional<std::string_view> Access::only_process() const {
    return kind_ == Kind::process ? std::optional<std::string_view>(gupid_) : std::nullopt;
}

Access authorize(const Credentials& credentials, const std::vector<Account>& accounts,
                 const ProcessPasswords& process_passwords, uid_t agent_uid) {
    if (credentials.connect_password) {
        return authorize_password(*credentials.connect_password, process_passwords);
    }
    if (credentials.authorization) {
        return authorize_account(*credentials.authorization, accounts);
    }
    if (!credentials.peer_uid) {
        return Access::none();
    }
    if (*credentials.peer_uid == 0 || *credentials.peer_uid == agent_uid) {
        return Access::peer();
    }
    return Access::user(*credentials.peer_uid);
}

bool is_for_gangway(std::string_view authorization, const std::vector<Account>& accounts) {
    const auto basic = parse_basic(authorization);
    return basic && find_account(accounts, basic->username) != nullptr;
}

} // namespace gangway::admin
