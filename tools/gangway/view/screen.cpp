#include "gangway/view/screen.hpp"

#include "gangway/base/environment.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/view/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

// Its macros would be seen by what is included later.
#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <curses.h>

namespace gangway::command {

namespace {

constexpr short green_pair = 1;
constexpr short red_pair = 2;

// What is shown is UTF-8, whatever the environment says. There are no other threads.
// NOLINTBEGIN(concurrency-mt-unsafe)
void choose_characters() {
    if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) {
        std::setlocale(LC_CTYPE, "C.UTF-8");
    }
}
// NOLINTEND(concurrency-mt-unsafe)

attr_t attributes_of(LineStyle style, bool has_colours) {
    switch (style) {
    case LineStyle::strong:
        return A_BOLD;
    case LineStyle::titles:
        return A_UNDERLINE | A_BOLD;
    case LineStyle::selected:
        return A_REVERSE;
    case LineStyle::fresh:
        return has_colours ? static_cast<attr_t>(COLOR_PAIR(green_pair)) : A_BOLD;
    case LineStyle::gone:
        return A_DIM;
    case LineStyle::sick:
        return has_colours ? static_cast<attr_t>(COLOR_PAIR(red_pair)) : A_BOLD;
    case LineStyle::plain:
        break;
    }
    return A_NORMAL;
}

std::string utf8(wint_t character) {
    std::array<char, MB_LEN_MAX> bytes{};
    std::mbstate_t state{};
    // The state is its own.
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    const std::size_t size = std::wcrtomb(bytes.data(), static_cast<wchar_t>(character), &state);
    return size == static_cast<std::size_t>(-1) ? std::string() : std::string(bytes.data(), size);
}

Key special_key(wint_t code) {
    switch (code) {
    case KEY_UP:
        return {Key::Kind::up};
    case KEY_DOWN:
        return {Key::Kind::down};
    case KEY_PPAGE:
        return {Key::Kind::page_up};
    case KEY_NPAGE:
        return {Key::Kind::page_down};
    case KEY_HOME:
        return {Key::Kind::home};
    case KEY_END:
        return {Key::Kind::end};
    case KEY_ENTER:
        return {Key::Kind::enter};
    case KEY_BACKSPACE:
        return {Key::Kind::backspace};
    default:
        return {};
    }
}

Key plain_key(wint_t code) {
    switch (code) {
    case '\r':
    case '\n':
        return {Key::Kind::enter};
    case 27:
        return {Key::Kind::escape};
    case 8:
    case 127:
        return {Key::Kind::backspace};
    default:
        return {Key::Kind::character, utf8(code)};
    }
}

} // namespace

Screen::Screen() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
        throw Failure(ExitCode::usage,
                      "this needs a terminal; --batch writes the same as text or JSON");
    }
    choose_characters();
    if (standard_output_terminal().can_redraw) {
        screen_ = ::newterm(nullptr, stdout, stdin);
    }
    if (screen_ == nullptr) {
        throw Failure(ExitCode::usage, "this kind of terminal (TERM) cannot be drawn on; --batch "
                                       "writes the same as text or JSON");
    }
    ::raw();
    ::noecho();
    ::nonl();
    ::keypad(stdscr, true);
    ::set_escdelay(25);
    ::curs_set(0);
    if (!environment_variable("NO_COLOR") && ::has_colors()) {
        ::start_color();
        ::use_default_colors();
        ::init_pair(green_pair, COLOR_GREEN, -1);
        ::init_pair(red_pair, COLOR_RED, -1);
        has_colours_ = true;
    }
}

Screen::~Screen() {
    ::endwin();
    ::delscreen(screen_);
}

std::size_t Screen::rows() const {
    return static_cast<std::size_t>(std::max(getmaxy(stdscr), 1));
}

std::size_t Screen::columns() const {
    return static_cast<std::size_t>(std::max(getmaxx(stdscr), 1));
}

void Screen::draw(const std::vector<ScreenLine>& lines) {
    ::werase(stdscr);
    const std::size_t shown = std::min(lines.size(), rows());
    for (std::size_t row = 0; row < shown; ++row) {
        const attr_t attributes = attributes_of(lines[row].style, has_colours_);
        ::wattrset(stdscr, static_cast<int>(attributes));
        ::wmove(stdscr, static_cast<int>(row), 0);
        ::waddnstr(stdscr, lines[row].text.data(), static_cast<int>(lines[row].text.size()));
        if (lines[row].style == LineStyle::selected) {
            int x = getcurx(stdscr);
            for (; static_cast<std::size_t>(getcury(stdscr)) == row &&
                   static_cast<std::size_t>(x) + 1 < columns();
                 ++x) {
                ::waddch(stdscr, ' ');
            }
        }
    }
    ::wattrset(stdscr, A_NORMAL);
    ::wrefresh(stdscr);
}

Key Screen::wait_key(std::chrono::milliseconds longest) {
    ::wtimeout(stdscr, static_cast<int>(std::clamp<std::int64_t>(longest.count(), 0, 60'000)));
    wint_t code = 0;
    switch (::wget_wch(stdscr, &code)) {
    case OK:
        return plain_key(code);
    case KEY_CODE_YES:
        if (code == KEY_RESIZE) { // What the terminal has left of it is not known.
            ::clearok(curscr, true);
        }
        return special_key(code);
    default:
        return {};
    }
}

} // namespace gangway::command
