#include "message/chunk.hpp"

#include <array>
#include <charconv>

namespace gangway::message {

std::string chunk_head(std::size_t size) {
    std::array<char, 20> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), size, 16);
    return std::string(buffer.data(), result.ptr) + "\r\n";
}

std::string chunked_end(const std::vector<Field>& trailers) {
    std::string text = "0\r\n";
    for (const Field& field : trailers) {
        append_field(text, field.name, field.value);
    }
    text += "\r\n";
    return text;
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
}

} // namespace gangway::message
