#include "gangway/base/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/utf8.hpp"

namespace gangway::command {

namespace {

struct Span {
    std::uint32_t first;
    std::uint32_t last;
};

// Of Unicode's East Asian Width those that are wide or full-width, and emoji.
constexpr std::array wide{
    Span{0x1100, 0x115F},   Span{0x2E80, 0x303E},   Span{0x3041, 0x33FF},   Span{0x3400, 0x4DBF},
    Span{0x4E00, 0x9FFF},   Span{0xA000, 0xA4CF},   Span{0xA960, 0xA97F},   Span{0xAC00, 0xD7A3},
    Span{0xF900, 0xFAFF},   Span{0xFE30, 0xFE6F},   Span{0xFF00, 0xFF60},   Span{0xFFE0, 0xFFE6},
    Span{0x1F300, 0x1F64F}, Span{0x1F680, 0x1F6FF}, Span{0x1F900, 0x1F9FF}, Span{0x20000, 0x3FFFD}};

// Marks that stand upon the character before them.
constexpr std::array combining{Span{0x0300, 0x036F}, Span{0x0483, 0x0489}, Span{0x0591, 0x05BD},
                               Span{0x0610, 0x061A}, Span{0x064B, 0x065F}, Span{0x1AB0, 0x1AFF},
                               Span{0x1DC0, 0x1DFF}, Span{0x20D0, 0x20FF}, Span{0x302A, 0x302D},
                               Span{0x3099, 0x309A}, Span{0xFE00, 0xFE0F}, Span{0xFE20, 0xFE2F}};

template <typename Spans>
bool is_in(const Spans& spans, std::uint32_t value) {
    return std::any_of(spans.begin(), spans.end(), [value](const Span& span) {
        return value >= span.first && value <= span.last;
    });
}

// The first character of a text that is not empty: how many bytes, and how many columns.
struct Shape {
    std::size_t bytes;
    std::size_t columns;
};

Shape first_shape(std::string_view text) {
    const CodePoint point = first_code_point(text);
    if (point.value < 0x300) { // as nearly all are; or no UTF-8
        return {std::max<std::size_t>(point.bytes, 1), 1};
    }
    if (is_in(combining, point.value)) {
        return {point.bytes, 0};
    }
    return {point.bytes, is_in(wide, point.value) ? 2U : 1U};
}

// "\033[…m" at the text's beginning: how many bytes; 0: none.
std::size_t paint_bytes(std::string_view text) {
    if (!text.starts_with("\033[")) {
        return 0;
    }
    const std::size_t end = text.find('m');
    return end == std::string_view::npos ? 0 : end + 1;
}

constexpr std::string_view mark = "...";

} // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        if (point.bytes > 0 && is_harmless(point.value)) {
            result.append(text.substr(0, point.bytes));
        } else {
            result.push_back('?');
        }
        text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
    }
    return result;
}

std::size_t display_columns(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Shape shape = first_shape(text);
        columns += shape.columns;
        text.remove_prefix(shape.bytes);
    }
    return columns;
}

std::string shorten_end(std::string_view text, std::size_t columns) {
    if (display_columns(text) <= columns) {
        return std::string(text);
    }
    if (columns <= mark.size()) {
        return std::string(mark.substr(0, columns));
    }
    std::size_t left = columns - mark.size();
    std::size_t end = 0;
    while (end < text.size()) {
        const Shape shape = first_shape(text.substr(end));
        if (shape.columns > left) {
            break;
        }
        left -= shape.columns;
        end += shape.bytes;
    }
    return std::string(text.substr(0, end)).append(mark);
}

std::string shorten_painted(std::string_view text, std::size_t columns) {
    std::string result;
    std::size_t used = 0;
    bool is_painted = false;
    while (!text.empty()) {
        if (const std::size_t bytes = paint_bytes(text)) {
            is_painted = text.substr(0, bytes) != "\033[0m";
            result += text.substr(0, bytes);
            text.remove_prefix(bytes);
            continue;
        }
        const Shape shape = first_shape(text);
        if (used + shape.columns > columns) {
            return is_painted ? result + "\033[0m" : result;
        }
        used += shape.columns;
        result += text.substr(0, shape.bytes);
        text.remove_prefix(shape.bytes);
    }
    return result;
}

} // namespace gangway::command
