#include "credentials.hpp"

#include "exit_code.hpp"
#include "header_argument.hpp"
#include "small_file.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <variant>

namespace gangway::command {

namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    for (std::size_t start = 0; start < bytes.size(); start += 3) {
        const std::string_view triple = bytes.substr(start, 3);
        std::uint32_t bits = 0;
        for (std::size_t index = 0; index < 3; ++index) {
            const char byte = index < triple.size() ? triple[index] : '\0';
            bits = (bits << 8U) | static_cast<unsigned char>(byte);
        }
        for (std::size_t index = 0; index < 4; ++index) {
            const std::uint32_t sextet = (bits >> (18U - 6U * index)) & 0x3FU;
            result.push_back(index <= triple.size() ? digits[sextet] : '=');
        }
    }
    return result;
}

std::optional<std::string> read_password(const std::filesystem::path& file) {
    auto content = read_small_file(file, Links::refuse);
    auto* password = std::get_if<std::string>(&content);
    if (password == nullptr) {
        return std::nullopt;
    }
    password->erase(password->find_last_not_of("\r\n") + 1);
    if (password->empty()) {
        return std::nullopt;
    }
    return *password;
}

struct Account {
    std::string_view user;
    std::string_view password_file;
    bool may_forward;
};

// As Passenger's watchdog makes them for every instance.
constexpr std::array<Account, 2> accounts{
    Account{"admin", "full_admin_password.txt", true},
    Account{"ro_admin", "read_only_admin_password.txt", false}};

} // namespace

std::string basic_authorization(std::string_view user, std::string_view password) {
    return "Basic " + base64(std::string(user).append(":").append(password));
}

Credentials choose_credentials(const std::string& password, const Endpoint& endpoint,
                               Purpose purpose) {
    if (!password.empty()) {
        if (!is_header_value(password)) {
            throw Failure(ExitCode::usage, "the password holds characters that no header may hold");
        }
        return {password, std::nullopt};
    }
    if (!endpoint.instance_directory) {
        return {};
    }
    for (const Account& account : accounts) {
        if (purpose == Purpose::forward && !account.may_forward) {
            continue;
        }
        if (const auto found =
                read_password(*endpoint.instance_directory / account.password_file)) {
            return {std::nullopt, basic_authorization(account.user, *found)};
        }
    }
    return {};
}

void add_credentials(const Credentials& credentials, boost::beast::http::fields& headers) {
    if (credentials.process_password) {
        headers.set("X-Passenger-Connect-Password", *credentials.process_password);
    }
    if (credentials.authorization) {
        headers.set(boost::beast::http::field::authorization, *credentials.authorization);
    }
}

} // namespace gangway::command
