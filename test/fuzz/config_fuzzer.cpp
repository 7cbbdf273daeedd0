// The configuration file: every text is a configuration, or one line that says what is wrong.
#include "checked_check.hpp"
#include "config/config.hpp"
#include "utf8.hpp"

GANGWAY_FUZZ_TARGET(config) {
    using namespace gangway;
    using fuzz::require;
    const auto parsed = config::parse(bytes);
    if (!parsed) {
        const auto errors = parsed.error();
        require(!errors.empty(), "who configures wrongly is told how");
        for (const config::Error& error : errors) {
            require(!error.message.empty(), "each error says what is wrong");
            require(error.message.find_first_of("\r\n") == std::string::npos,
                    "an error of the configuration is one line");
        }
        return;
    }
    const config::Config& config = *parsed;
    require((config.socket_mode & ~static_cast<mode_t>(0777)) == 0, "a socket's mode is one");
    require(config.socket_path.empty() || config.socket_path.starts_with('/'),
            "a socket's path is absolute");
    require(config.max_connections > 0 && config.max_requests > 0 &&
                config.max_requests_per_process > 0 && config.max_header_bytes > 0,
            "limits are limits");
    require(config.client_timeout.count() > 0 && config.connect_timeout.count() > 0 &&
                config.total_timeout.count() >= 0,
            "times are times");
    for (const watch::Plan& plan : config.health) {
        fuzz::require_in_order(plan.check);
        require(!plan.group.empty() && plan.interval.count() > 0, "a plan is for somebody");
        require(plan.jitter_percent <= 100, "jitter is less than the interval");
    }
}
