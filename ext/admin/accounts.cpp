#include "admin/accounts.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ios>
#include <iterator>
#include <optional>
#include <system_error>

#include "text/json_reader.hpp"

namespace gangway::admin {

namespace {

struct Description {
    std::string username;
    std::optional<std::string> password;
    std::string password_file;
    std::string level;
};

// "[LEVEL]:USERNAME:PASSWORDFILE", or "USERNAME:PASSWORDFILE".
std::optional<Description> parse_text(const std::string& text) {
    const std::size_t first = text.find(':');
    if (first == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t second = text.find(':', first + 1);
    if (second == std::string::npos) {
        return Description{text.substr(0, first), std::nullopt, text.substr(first + 1), "full"};
    }
    const std::string level = text.substr(0, first);
    return Description{text.substr(first + 1, second - first - 1), std::nullopt,
                       text.substr(second + 1), level.empty() ? "full" : level};
}

std::optional<Description> parse_object(const Json::Value& object) {
    for (const char* key : {"username", "password", "password_file", "level"}) {
        if (object.isMember(key) && !object[key].isString()) {
            return std::nullopt;
        }
    }
    Description result{object.get("username", "").asString(), std::nullopt,
                       object.get("password_file", "").asString(),
                       object.get("level", "full").asString()};
    if (object.isMember("password")) {
        result.password = object["password"].asString();
    }
    return result;
}

std::optional<std::string> read_password(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    std::string text;
    try {
        text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    } catch (const std::ios_base::failure&) { // A directory can be opened, but not read.
        return std::nullopt;
    }
    // As Passenger's strip().
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

OrFault<Account> make_account(const Json::Value& entry) {
    std::optional<Description> description;
    if (entry.isString()) {
        description = parse_text(entry.asString());
    } else if (entry.isObject()) {
        description = parse_object(entry);
    }
    if (!description || description->username.empty() ||
        (description->level != "full" && description->level != "readonly")) {
        return Fault{"an entry of the agent's api_server_authorizations is malformed"};
    }
    if (!description->password) {
        description->password = read_password(description->password_file);
    }
    if (!description->password) {
        return Fault{"cannot read the password file of account " + description->username + ", " +
                     description->password_file + ": " + std::generic_category().message(errno)};
    }
    return Account{description->username, *description->password, description->level == "readonly"};
}

} // namespace

OrFault<std::vector<Account>> load_accounts(std::string_view agent_config) {
    std::vector<Account> accounts;
    if (agent_config.empty()) {
        return accounts;
    }
    const auto document = read_json(agent_config, JsonRules::lenient);
    if (!document) {
        return Fault{"the agent's configuration is not JSON"};
    }
    const Json::Value entries =
        document->isObject() ? (*document)["api_server_authorizations"] : Json::Value();
    for (const Json::Value& entry : entries) {
        auto account = make_account(entry);
        if (!account) {
            return account.error();
        }
        accounts.push_back(*std::move(account));
    }
    return accounts;
}

} // namespace gangway::admin
