// One line on standard error that says what a slow request is doing: only on a terminal, only after
// a second, and gone before anything else is written there.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace gangway::command {

class Progress {
  public:
    // Shows itself where standard error is a terminal.
    Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();

    // It is time for draw().
    [[nodiscard]] bool is_due() const;
    void draw(const std::string& text);

    // Milliseconds until it is due; -1: never.
    [[nodiscard]] int poll_timeout_ms() const;

    [[nodiscard]] std::chrono::duration<double> elapsed() const;

    // Something else is about to be written to standard error. The line may come back after it.
    void erase();

    // Output begins: the line goes, and does not come back where both share a terminal.
    void before_output(bool output_is_terminal);

  private:
    using Clock = std::chrono::steady_clock;

    std::size_t columns_; // 0: is not shown
    bool drawn_ = false;
    Clock::time_point start_;
    Clock::time_point next_;
};

} // namespace gangway::command
