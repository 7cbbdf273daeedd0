// A table for people: columns as wide as their content, but one, which is cut so that the rest is
// within the terminal's edge.
#pragma once

#include "gangway/view/terminal.hpp"

#include <string>
#include <vector>

namespace gangway::command {

enum class Align { left, right };
enum class Colour { none, green, yellow, red, dim };

struct Column {
    std::string title;
    Align align = Align::left;
    bool gives_way = false; // is the one that is cut; where none is, the last one
};

// A cell's text is shown as it is: pass it through printable() if it comes from outside.
struct Cell {
    Cell(std::string cell_text, Colour cell_colour = Colour::none)
        : text(std::move(cell_text)), colour(cell_colour) {}

    std::string text;
    Colour colour;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns, bool with_titles = true);

    // What follows is parted from what was before, below a line of its own, under titles of its
    // own; the columns stay those of the whole.
    void begin_part(std::string heading);

    // One cell for each column.
    void add_row(std::vector<Cell> cells);

    // Lines that end in a line feed, without trailing spaces.
    [[nodiscard]] std::string render(const Terminal& terminal) const;

  private:
    [[nodiscard]] std::vector<std::size_t> widths() const;

    std::vector<Column> columns_;
    bool with_titles_;
    struct Part {
        std::string heading;
        std::vector<std::vector<Cell>> rows{};
    };
    std::vector<Part> parts_;
};

} // namespace gangway::command
