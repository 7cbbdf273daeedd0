// What the kernel says of a process (proc(5), /proc/PID/stat).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gangway {

struct ProcessStat {
    char state;               // 'R', 'S', 'T', …; 'Z' or 'X': it has ended
    std::uint64_t start_time; // in clock ticks since the machine was booted

    bool has_ended() const { return state == 'Z' || state == 'X'; }
    // By a signal, until SIGCONT.
    bool is_stopped() const { return state == 'T'; }
};

// Nothing when there is no such process.
std::optional<ProcessStat> read_process_stat(std::int64_t pid);

// False for a process that has ended, reaped or not.
bool is_alive(std::int64_t pid);

// "running", "sleeping", "disk" (waits for it, and for nothing else), "stopped" (by a signal),
// "traced" (stopped for a debugger), "zombie" (ended, not yet reaped), "gone". Empty where the
// system does not tell.
std::string_view os_state_word(std::int64_t pid);

} // namespace gangway
