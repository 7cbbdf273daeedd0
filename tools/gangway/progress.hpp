// One line on standard error that says what a slow request is doing: only on a terminal, only after
// a second, and gone before anything else is written there.
#pragma once

#include <chrono>
#include <cstdint>

namespace gangway::command {

class Progress {
  public:
    // Shows itself where standard error is a terminal.
    Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();

    // Draws when it is time to.
    void update(std::uint64_t sent_bytes, std::uint64_t received_bytes);

    // Milliseconds until update() should be called again; -1: never.
    [[nodiscard]] int poll_timeout_ms() const;

    // Output begins: the line goes, and does not come back where both share a terminal.
    void before_output(bool output_is_terminal);

  private:
    using Clock = std::chrono::steady_clock;

    void erase();

    bool enabled_;
    bool drawn_ = false;
    Clock::time_point start_;
    Clock::time_point next_;
};

} // namespace gangway::command
