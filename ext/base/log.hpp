// Passenger's log.
#pragma once

#include <array>
#include <cstdio>
#include <exception>
#include <string_view>

#include "gangway/agent_abi.h"
#include "text/printable.hpp"

namespace gangway {

// Every line, whatever it is made of, comes out as one printable line of 8 KiB at most
// (text/printable.hpp). Thread-safe, and needs no memory, for want of which it may be called.
class Log {
  public:
    // host outlives the log.
    explicit Log(const gangway_host& host) : host_(host) {}

    // Lines must hold no secret.
    void error(std::string_view line) const noexcept { write(GANGWAY_LOG_ERROR, line); }
    void warn(std::string_view line) const noexcept { write(GANGWAY_LOG_WARN, line); }
    void notice(std::string_view line) const noexcept { write(GANGWAY_LOG_NOTICE, line); }
    // A line that was made printable, and kept short, when it was put together.
    void printable_notice(std::string_view line) const noexcept { put(GANGWAY_LOG_NOTICE, line); }
    // "what: why", cut to 500 bytes.
    void exception(const char* what, const std::exception& why) const noexcept {
        std::array<char, 501> line{};
        std::snprintf(line.data(), line.size(), "%s: %s", what, why.what());
        write(GANGWAY_LOG_ERROR, line.data());
    }

    static constexpr std::size_t max_line_bytes = 8 * 1024;

  private:
    void write(gangway_log_level level, std::string_view line) const noexcept {
        std::array<char, max_line_bytes>
            space; // NOLINT(*-member-init): it is written before it is read
        put(level, {space.data(), print_line(line, space)});
    }
    void put(gangway_log_level level, std::string_view line) const noexcept {
        host_.log(host_.context, level, {line.data(), line.size()});
    }

    const gangway_host& host_;
};

} // namespace gangway
