// What standard output and standard error are connected to, which decides on colour, widths and
// progress.
#pragma once

#include <cstddef>

namespace gangway::command {

struct Terminal {
    bool is_terminal = false; // standard output is one
    bool colour = false;      // it is one, NO_COLOR is not set, and TERM is not "dumb"
    std::size_t columns = 0;  // its width; 0 when not a terminal: nothing is shortened
    bool can_redraw = false;  // it is one, and TERM is not "dumb"
    std::size_t rows = 0;     // its height; 0 when not a terminal
};

[[nodiscard]] Terminal standard_output_terminal();

// Columns for a line on standard error that is written over and over; 0 where that is no terminal
// that can erase a line.
[[nodiscard]] std::size_t standard_error_progress_columns();

} // namespace gangway::command
