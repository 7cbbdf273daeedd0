#include "gangway/view/table.hpp"

#include "gangway/base/printable.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

constexpr std::string_view gap = "  ";
constexpr std::size_t least_room = 10;

std::string_view escape_sequence(Colour colour) {
    switch (colour) {
    case Colour::green:
        return "\033[32m";
    case Colour::yellow:
        return "\033[33m";
    case Colour::red:
        return "\033[31m";
    case Colour::dim:
        return "\033[2m";
    case Colour::none:
        break;
    }
    return {};
}

std::string painted(const std::string& text, std::string_view sequence) {
    if (sequence.empty() || text.empty()) {
        return text;
    }
    return std::string(sequence).append(text).append("\033[0m");
}

// The column that gives way, and the room that is left for it (0: no limit).
struct Layout {
    std::vector<std::size_t> widths;
    std::size_t cut = 0;
    std::size_t room = 0;
};

Layout lay_out(const std::vector<Column>& columns, std::vector<std::size_t> widths,
               std::size_t terminal_columns) {
    Layout layout;
    layout.widths = std::move(widths);
    layout.cut = columns.size() - 1;
    std::size_t used = 0;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        used += layout.widths[index] + (index == 0 ? 0 : gap.size());
        if (columns[index].gives_way) {
            layout.cut = index;
        }
    }
    std::size_t& width = layout.widths[layout.cut];
    used -= width;
    if (terminal_columns > 0) {
        layout.room = terminal_columns > used + least_room ? terminal_columns - used : least_room;
        width = std::min(width, layout.room);
    }
    return layout;
}

} // namespace

Table::Table(std::vector<Column> columns, bool with_titles)
    : columns_(std::move(columns)), with_titles_(with_titles) {}

void Table::begin_part(std::string heading) {
    parts_.push_back({std::move(heading)});
}

void Table::add_row(std::vector<Cell> cells) {
    if (parts_.empty()) {
        parts_.emplace_back();
    }
    parts_.back().rows.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths() const {
    std::vector<std::size_t> widths;
    for (std::size_t index = 0; index < columns_.size(); ++index) {
        std::size_t width = with_titles_ ? display_columns(columns_[index].title) : 0;
        for (const Part& part : parts_) {
            for (const auto& row : part.rows) {
                width = std::max(width, display_columns(row[index].text));
            }
        }
        widths.push_back(width);
    }
    return widths;
}

std::string Table::render(const Terminal& terminal) const {
    const Layout layout = lay_out(columns_, widths(), terminal.columns);
    std::string result;
    const auto put = [&](std::size_t index, const std::string& full, std::string_view sequence) {
        const bool last = index + 1 == columns_.size();
        const std::string text =
            index == layout.cut && layout.room > 0 ? shorten_end(full, layout.room) : full;
        const std::string padding(layout.widths[index] - display_columns(text), ' ');
        const bool right = columns_[index].align == Align::right;
        result += right ? padding : "";
        result += painted(text, terminal.colour ? sequence : std::string_view());
        result += right || last ? "" : padding;
        result += last ? std::string_view("\n") : gap;
    };
    const auto put_titles = [&] {
        for (std::size_t index = 0; with_titles_ && index < columns_.size(); ++index) {
            put(index, columns_[index].title, "\033[1m");
        }
    };
    if (parts_.empty()) {
        put_titles();
    }
    for (const Part& part : parts_) {
        result += &part == &parts_.front() || part.heading.empty() ? "" : "\n";
        result += part.heading.empty() ? "" : part.heading + "\n";
        if (!part.rows.empty()) {
            put_titles();
        }
        for (const auto& row : part.rows) {
            for (std::size_t index = 0; index < row.size(); ++index) {
                put(index, row[index].text, escape_sequence(row[index].colour));
            }
        }
    }
    return result;
}

} // namespace gangway::command
