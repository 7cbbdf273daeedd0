// Passenger's log.
#pragma once

#include <array>
#include <cstdio>
#include <exception>
#include <string_view>

#include "gangway/agent_abi.h"

namespace gangway {

// Thread-safe. Lines must hold no secret.
class Log {
  public:
    // host outlives the log.
    explicit Log(const gangway_host& host) : host_(host) {}

    void error(std::string_view line) const { write(GANGWAY_LOG_ERROR, line); }
    void warn(std::string_view line) const { write(GANGWAY_LOG_WARN, line); }
    void notice(std::string_view line) const { write(GANGWAY_LOG_NOTICE, line); }
    // "what: why", cut to 500 bytes. Needs no memory, for want of which it may be called.
    void exception(const char* what, const std::exception& why) const noexcept {
        std::array<char, 501> line{};
        std::snprintf(line.data(), line.size(), "%s: %s", what, why.what());
        write(GANGWAY_LOG_ERROR, line.data());
    }

  private:
    void write(gangway_log_level level, std::string_view line) const {
        host_.log(host_.context, level, {line.data(), line.size()});
    }

    const gangway_host& host_;
};

} // namespace gangway
