// The whole terminal, drawn again and again, and its keys: over ncurses.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

struct screen; // ncurses' SCREEN

namespace gangway::command {

// How a line is drawn.
enum class LineStyle { plain, strong, titles, selected, fresh, gone, sick };

struct ScreenLine {
    std::string text; // printable, no wider than the screen
    LineStyle style = LineStyle::plain;
};

struct Key {
    enum class Kind {
        character, // text
        up,
        down,
        page_up,
        page_down,
        home,
        end,
        enter,
        escape,
        backspace,
        none, // the time is over, or the window has another size
    };
    Kind kind = Kind::none;
    std::string text{};
};

// There is one at most. While it lives, nothing else writes to standard output. At its end, and
// where a signal ends the command, the terminal is as it was.
class Screen {
  public:
    // Throws Failure(usage) where standard input or output is no terminal that can be drawn on.
    Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen();

    [[nodiscard]] std::size_t rows() const;
    [[nodiscard]] std::size_t columns() const;
    void draw(const std::vector<ScreenLine>& lines);
    // The next key, once it comes. Ctrl-C is a character, "\x03".
    [[nodiscard]] Key wait_key(std::chrono::milliseconds longest);

  private:
    screen* screen_ = nullptr;
    bool has_colours_ = false;
};

} // namespace gangway::command
