#include "gangway/view/terminal_text.hpp"

#include "gangway/base/printable.hpp"

#include <algorithm>
#include <utility>

namespace gangway::command {

namespace {

// How many bytes at the end may be the begin of a character of UTF-8 that is longer, or of the end
// of a line.
std::size_t cut_bytes(std::string_view text) {
    if (text.ends_with('\r')) {
        return 1;
    }
    const std::size_t most = std::min<std::size_t>(text.size(), 3);
    for (std::size_t size = 1; size <= most; ++size) {
        const auto byte = static_cast<unsigned char>(text[text.size() - size]);
        if (byte < 0x80) {
            return 0;
        }
        if (byte >= 0xC0) {
            const std::size_t whole = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
            return size < whole ? size : 0;
        }
    }
    return 0;
}

std::string shown(std::string_view text) {
    std::string result;
    for (;;) {
        const std::size_t end = std::min(text.find_first_of("\n\t"), text.size());
        std::string_view part = text.substr(0, end);
        if (end < text.size() && text[end] == '\n' && part.ends_with('\r')) {
            part.remove_suffix(1);
        }
        result += printable(part);
        if (end == text.size()) {
            return result;
        }
        result += text[end];
        text.remove_prefix(end + 1);
    }
}

} // namespace

std::string TerminalText::feed(std::string_view piece) {
    std::string text = std::exchange(cut_, {});
    text += piece;
    cut_ = text.substr(text.size() - cut_bytes(text));
    return shown(std::string_view(text).substr(0, text.size() - cut_.size()));
}

std::string TerminalText::finish() {
    return shown(std::exchange(cut_, {}));
}

} // namespace gangway::command
