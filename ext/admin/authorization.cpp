#include "admin/authorization.hpp"

#include <algorithm>

#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/core/string.hpp>

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
    namespace base64 = boost::beast::detail::base64;
    constexpr std::string_view scheme = "Basic ";
    if (authorization.size() < scheme.size() ||
        !boost::beast::iequals(authorization.substr(0, scheme.size()), scheme)) {
        return std::nullopt;
    }
    std::string_view encoded = authorization.substr(scheme.size());
    encoded.remove_prefix(std::min(encoded.find_first_not_of(' '), encoded.size()));
    std::string decoded(base64::decoded_size(encoded.size()), '\0');
    const auto [written, read] = base64::decode(decoded.data(), encoded.data(), encoded.size());
    decoded.resize(written);
    // What follows the alphabet's characters may only be padding.
    if (encoded.substr(read).find_first_not_of('=') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t colon = decoded.find(':');
    if (colon == std::string::npos) {
        return std::nullopt;
    }
    return BasicCredentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
}

bool Access::reaches(std::string_view password, bool has_user, uid_t uid) const {
    switch (kind_) {
    case Kind::none:
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
    case Kind::user:
        return "user";
    }
    return "none";
}

bool Access::sees(const gangway_group& group) const {
    return reaches(pool::view(group.password), group.has_user != 0, group.uid);
}

bool Access::sees(const health::GroupFacts& group) const {
    return reaches(group.password, group.has_user, group.uid);
}

bool Access::sees(const gangway_process_identity& process) const {
    return reaches(pool::view(process.password), process.has_user != 0, process.uid);
}

Access authorize(const Credentials& credentials, const std::vector<Account>& accounts,
                 uid_t agent_uid) {
    if (credentials.connect_password) {
        return credentials.connect_password->empty()
                   ? Access::none()
                   : Access::holder(*credentials.connect_password);
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
