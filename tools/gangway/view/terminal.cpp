#include "gangway/view/terminal.hpp"

#include "gangway/base/environment.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace gangway::command {

namespace {

bool understands_escapes() {
    return environment_variable("TERM").value_or("dumb") != "dumb";
}

winsize size_of(int terminal) {
    winsize size{};
    const bool known = ::ioctl(terminal, TIOCGWINSZ, &size) == 0;
    size.ws_col = known && size.ws_col > 1 ? size.ws_col : 80;
    size.ws_row = known && size.ws_row > 1 ? size.ws_row : 24;
    return size;
}

} // namespace

Terminal standard_output_terminal() {
    Terminal terminal;
    terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
    if (!terminal.is_terminal) {
        return terminal;
    }
    terminal.can_redraw = understands_escapes();
    terminal.colour = terminal.can_redraw && !environment_variable("NO_COLOR");
    const winsize size = size_of(STDOUT_FILENO);
    terminal.columns = size.ws_col;
    terminal.rows = size.ws_row;
    return terminal;
}

std::size_t standard_error_progress_columns() {
    if (::isatty(STDERR_FILENO) != 1 || !understands_escapes()) {
        return 0;
    }
    return size_of(STDERR_FILENO).ws_col -
           std::size_t{1}; // a full row would wrap on some terminals
}

} // namespace gangway::command
