#include "text/printable.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "text/utf8.hpp"

namespace gangway {

namespace {

constexpr std::size_t most_mark = 40; // "...[18446744073709551615 bytes more]"

// Of a character: its bytes as they are, or what is written in their place.
struct Printed {
    std::array<char, 16> text;
    std::size_t size;
    std::size_t of_bytes; // so many of the text
};

void append(Printed& printed, std::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), printed.text.data() + printed.size);
    printed.size += bytes.size();
}

Printed print_first(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const CodePoint point = first_code_point(text);
    Printed result{{}, 0, std::max<std::size_t>(point.bytes, 1)};
    const std::string_view bytes = text.substr(0, result.of_bytes);
    if (bytes == "\\") {
        append(result, "\\\\");
    } else if (point.bytes > 0 && is_harmless(point.value)) {
        append(result, bytes);
    } else {
        for (const char c : bytes) {
            const auto byte = static_cast<unsigned char>(c);
            append(result, "\\x");
            append(result, digits.substr(byte >> 4U, 1));
            append(result, digits.substr(byte & 0xFU, 1));
        }
    }
    return result;
}

std::string_view mark(std::size_t left_out, std::array<char, most_mark>& space) {
    constexpr std::string_view begin = "...[";
    constexpr std::string_view end = " bytes more]";
    char* at = std::copy(begin.begin(), begin.end(), space.data());
    at = std::to_chars(at, space.data() + space.size(), left_out).ptr;
    at = std::copy(end.begin(), end.end(), at);
    return {space.data(), static_cast<std::size_t>(at - space.data())};
}

} // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const Printed printed = print_first(text);
        result.append(printed.text.data(), printed.size);
        text.remove_prefix(printed.of_bytes);
    }
    return result;
}

std::size_t print_line(std::string_view text, std::span<char> space) noexcept {
    std::size_t size = 0;
    std::size_t cut_size = 0; // so far there is room for the mark behind it
    std::size_t cut_at = 0;   // and so much of the text that is
    std::size_t at = 0;
    while (at < text.size()) {
        const Printed printed = print_first(text.substr(at));
        if (size + printed.size > space.size()) {
            std::array<char, most_mark> room{};
            const std::string_view cut = mark(text.size() - cut_at, room);
            std::copy(cut.begin(), cut.end(), space.data() + cut_size);
            return cut_size + cut.size();
        }
        std::copy_n(printed.text.data(), printed.size, space.data() + size);
        size += printed.size;
        at += printed.of_bytes;
        if (size + most_mark <= space.size()) {
            cut_size = size;
            cut_at = at;
        }
    }
    return size;
}

std::string shortened(std::string_view text, std::size_t max_bytes) {
    const std::string_view head = head_of(text, max_bytes);
    std::string result(head);
    if (head.size() < text.size()) {
        std::array<char, most_mark> room{};
        result += mark(text.size() - head.size(), room);
    }
    return result;
}

} // namespace gangway
