// The configuration file: its keys, defaults and checks (docs/configuration.md).
//
// Pure: text in, values or lines of complaint out. Shared by the module and `gangway
// check-config`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>
#include <sys/types.h>

#include "watch/plan.hpp"

namespace gangway::config {

// The longest path that fits sockaddr_un::sun_path with its terminator (unix(7)).
inline constexpr std::size_t max_socket_path_bytes = 107;

// How a line of the access log looks.
enum class AccessLogFormat : std::uint8_t { off, text, json };

struct Config {
    bool enabled = true;
    std::string module;      // empty: the one compiled into the agent
    std::string socket_path; // empty: <instance directory>/agents.s/gangway
    mode_t socket_mode = 0666;
    std::optional<uid_t> socket_owner;
    std::optional<gid_t> socket_group;
    unsigned max_connections = 256;
    unsigned max_connections_per_user = 64; // that is neither root nor the agent's
    unsigned reserved_descriptors = 128;
    unsigned max_requests = 256;
    unsigned max_requests_per_process = 64;
    std::uint32_t max_header_bytes = 64 * 1024;
    std::chrono::milliseconds client_timeout{60'000};
    std::chrono::milliseconds authorization_timeout{5'000};
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds first_byte_timeout{60'000};
    std::chrono::milliseconds idle_timeout{60'000};
    std::chrono::milliseconds tunnel_timeout{3'600'000};
    std::chrono::milliseconds total_timeout{0}; // 0: none
    std::chrono::milliseconds wait{5'000};
    std::chrono::milliseconds drain_timeout{5'000};
    std::string spool_directory = "/tmp";
    std::uint64_t max_spool_bytes = 1024ULL * 1024 * 1024;
    std::uint64_t max_spool_bytes_per_user = 2ULL * 1024 * 1024 * 1024;
    AccessLogFormat access_log = AccessLogFormat::off;
    bool access_log_query = false;
    std::chrono::milliseconds slow_request{0}; // 0: none is told
    bool accounting = false;                   // visits are counted all the time
    std::vector<std::string> routes;           // as visits::fault_of_pattern() takes them
    std::vector<watch::Plan> health;           // empty: nothing is checked by itself
};

struct Error {
    std::string key;     // "health[0].path"; empty when the text is not a JSON object
    std::string message; // one line, names the key
};

// Empty text means no file: every default. Looks names up in the user database. All that is wrong,
// or the values; then one error at least.
boost::system::result<Config, std::vector<Error>> parse(std::string_view json_text);

// The first one, and how many more there are: for one line of a log.
std::string in_one_line(const std::vector<Error>& errors);

} // namespace gangway::config
