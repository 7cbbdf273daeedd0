// What the kernel says of a process (proc(5), /proc/PID/stat).
#pragma once

#include <cstdint>
#include <optional>

namespace gangway {

struct ProcessStat {
    char state;               // 'R', 'S', 'T', …; 'Z' or 'X': it has ended
    std::uint64_t start_time; // in clock ticks since the machine was booted

    bool has_ended() const { return state == 'Z' || state == 'X'; }
};

// Nothing when there is no such process.
std::optional<ProcessStat> read_process_stat(std::int64_t pid);

// False for a process that has ended, reaped or not.
bool is_alive(std::int64_t pid);

} // namespace gangway
