#include "admin/process_password.hpp"

#include <cerrno>
#include <cstddef>
#include <new>
#include <system_error>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include "admin/authorization.hpp"

namespace gangway::admin {

namespace {

constexpr std::size_t most_gupid_bytes = 64; // Passenger's have about 20
constexpr std::size_t mac_bytes = 32;
constexpr std::string_view hexadecimal = "0123456789abcdef";

} // namespace

ProcessPasswords::ProcessPasswords() {
    if (::getentropy(secret_.data(), secret_.size()) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "the system gives no random secret for the processes' passwords");
    }
}

std::string ProcessPasswords::of(std::string_view gupid) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    if (::HMAC(::EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
               reinterpret_cast<const unsigned char*>(gupid.data()), gupid.size(), mac.data(),
               &size) == nullptr ||
        size != mac_bytes) {
        throw std::bad_alloc(); // It fails for nothing else.
    }
    std::string password(gupid);
    password += '.';
    for (std::size_t i = 0; i < mac_bytes; i++) {
        password += hexadecimal[mac.at(i) >> 4U];
        password += hexadecimal[mac.at(i) & 0xfU];
    }
    return password;
}

std::optional<std::string_view> ProcessPasswords::process_of(std::string_view password) const {
    constexpr std::size_t tail_bytes = 1 + 2 * mac_bytes;
    if (password.size() <= tail_bytes || password.size() > most_gupid_bytes + tail_bytes) {
        return std::nullopt;
    }
    const std::string_view gupid = password.substr(0, password.size() - tail_bytes);
    return equal_in_constant_time(of(gupid), password) ? std::optional(gupid) : std::nullopt;
}

} // namespace gangway::admin
