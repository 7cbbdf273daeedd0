// A password for each process, beside the one that Passenger gives to its whole group.
//
// Passenger 5 gave each process a connect password of its own, Passenger 6 one to a group.
// Gangway's is "GUPID.MAC", where MAC is the HMAC-SHA-256 (RFC 2104) of the gupid, in hexadecimal,
// with a secret that lives as long as the module. It names its process, so that to check one costs
// one MAC, however many processes there are.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace gangway::admin {

// May be used from any thread.
class ProcessPasswords {
  public:
    // With a new secret from the kernel. Throws std::system_error when it gives none.
    ProcessPasswords();

    // Throws std::bad_alloc.
    std::string of(std::string_view gupid) const;

    // Whose password this is; a view into it. Nothing when it is nobody's. Says nothing of whether
    // that process is still there. Takes as long for any two of the same length and gupid.
    std::optional<std::string_view> process_of(std::string_view password) const;

  private:
    std::array<unsigned char, 32> secret_{}; // as long as the hash (RFC 2104, 3)
};

} // namespace gangway::admin
