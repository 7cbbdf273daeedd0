#include "terminal.hpp"

#include "environment.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace gangway::command {

namespace {

bool understands_escapes() {
    return environment_variable("TERM").value_or("dumb") != "dumb";
}

} // namespace

Terminal standard_output_terminal() {
    Terminal terminal;
    terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
    if (!terminal.is_terminal) {
        return terminal;
    }
    terminal.colour = understands_escapes() && !environment_variable("NO_COLOR");
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    terminal.columns = known ? size.ws_col : 80;
    return terminal;
}

bool standard_error_shows_progress() {
    return ::isatty(STDERR_FILENO) == 1 && understands_escapes();
}

} // namespace gangway::command
