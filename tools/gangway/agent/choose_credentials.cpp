#include "gangway/agent/choose_credentials.hpp"

#include "gangway/base/exit_code.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/small_file.hpp"
#include "gangway/client/header_argument.hpp"

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace gangway::command {

namespace {

std::optional<std::string> read_password(int directory, const char* file) {
    auto content = read_small_file_in(directory, file);
    if (!content) {
        return std::nullopt;
    }
    content->erase(content->find_last_not_of("\r\n") + 1);
    if (content->empty()) {
        return std::nullopt;
    }
    return *std::move(content);
}

bool is_owner(int directory, uid_t user) {
    struct stat info {};
    return ::fstat(directory, &info) == 0 && info.st_uid == user;
}

std::string refused_file(int directory, const char* file) {
    std::error_code ignored;
    const auto path =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(directory), ignored);
    return "The agent does not know the password that was read from " +
           printable((path / file).string()) +
           ": was it changed since Passenger has started? Run it as root, who needs none, or give "
           "the password of the process in GANGWAY_PASSWORD.";
}

struct Account {
    std::string_view user;
    const char* password_file;
    bool may_forward;
};

// As Passenger's watchdog makes them for every instance.
constexpr std::array<Account, 2> accounts{
    Account{"admin", "full_admin_password.txt", true},
    Account{"ro_admin", "read_only_admin_password.txt", false}};

} // namespace

Credentials choose_credentials(const std::string& password, const Endpoint& endpoint,
                               Purpose purpose, uid_t user) {
    if (!password.empty()) {
        if (!is_header_value(password)) {
            throw Failure(ExitCode::usage, "the password holds characters that no header may hold");
        }
        return {password, std::nullopt, "The agent does not know the password that was sent."};
    }
    if (!endpoint.instance_directory || user == 0 ||
        is_owner(endpoint.instance_directory->get(), user)) {
        return {};
    }
    for (const Account& account : accounts) {
        if (purpose == Purpose::forward && !account.may_forward) {
            continue;
        }
        if (const auto found =
                read_password(endpoint.instance_directory->get(), account.password_file)) {
            return {std::nullopt, basic_authorization(account.user, *found),
                    refused_file(endpoint.instance_directory->get(), account.password_file)};
        }
    }
    return {};
}

} // namespace gangway::command
