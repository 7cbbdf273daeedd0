#include "gangway/view/progress.hpp"

#include "gangway/base/printable.hpp"
#include "gangway/view/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace gangway::command {

namespace {

constexpr std::chrono::seconds quiet_time{1};
constexpr std::chrono::milliseconds redraw_interval{250};

void write_to_terminal(std::string_view text) {
    // A line of progress that is lost does no harm.
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

} // namespace

Progress::Progress()
    : columns_(standard_error_progress_columns()),
      start_(Clock::now()),
      next_(start_ + quiet_time) {}

Progress::~Progress() {
    erase();
}

bool Progress::is_due() const {
    return columns_ > 0 && Clock::now() >= next_;
}

void Progress::draw(const std::string& text) {
    next_ = Clock::now() + redraw_interval;
    write_to_terminal("\r\033[K" + shorten_end(text, columns_));
    drawn_ = true;
}

int Progress::poll_timeout_ms() const {
    if (columns_ == 0) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

std::chrono::duration<double> Progress::elapsed() const {
    return Clock::now() - start_;
}

void Progress::before_output(bool output_is_terminal) {
    if (output_is_terminal) {
        erase();
        columns_ = 0;
    }
}

void Progress::erase() {
    if (drawn_) {
        write_to_terminal("\r\033[K");
        drawn_ = false;
    }
}

} // namespace gangway::command
