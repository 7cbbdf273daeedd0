#include "progress.hpp"

#include "human_units.hpp"
#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>
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
    : enabled_(standard_error_shows_progress()), start_(Clock::now()), next_(start_ + quiet_time) {}

Progress::~Progress() {
    erase();
}

void Progress::update(std::uint64_t sent_bytes, std::uint64_t received_bytes) {
    const auto now = Clock::now();
    if (!enabled_ || now < next_) {
        return;
    }
    next_ = now + redraw_interval;
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    std::string line = "\r\033[K" + human_duration(elapsed);
    if (sent_bytes > 0) {
        line += ", sent " + human_bytes(sent_bytes);
    }
    line += received_bytes > 0 ? ", received " + human_bytes(received_bytes)
                               : std::string(", waiting for the answer");
    write_to_terminal(line);
    drawn_ = true;
}

int Progress::poll_timeout_ms() const {
    if (!enabled_) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

void Progress::before_output(bool output_is_terminal) {
    if (output_is_terminal) {
        erase();
        enabled_ = false;
    }
}

void Progress::erase() {
    if (drawn_) {
        write_to_terminal("\r\033[K");
        drawn_ = false;
    }
}

} // namespace gangway::command
