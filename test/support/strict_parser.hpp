// A second opinion on what is sent: the strictest reading of HTTP/1.1 (RFC 9110, RFC 9112), written
// for these tests alone. It shares no code with what it judges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::strict {

struct Line {
    std::string name;
    std::string value;
    bool operator==(const Line&) const = default;
};

struct Message {
    std::string start_line;
    std::vector<Line> fields;
    std::string body;
    std::vector<Line> trailers;

    // The values of all fields of that name, lower case.
    std::vector<std::string> values(std::string_view name) const;
};

inline std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return result;
}

inline std::vector<std::string> Message::values(std::string_view name) const {
    std::vector<std::string> result;
    for (const Line& line : fields) {
        if (lower(line.name) == name) {
            result.push_back(line.value);
        }
    }
    return result;
}

inline bool is_token(std::string_view text) {
    constexpr std::string_view allowed = "!#$%&'*+-.^_`|~0123456789"
                                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

inline bool has_control(std::string_view text, std::string_view but = "") {
    return std::any_of(text.begin(), text.end(), [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 || byte == 0x7f) && but.find(c) == std::string_view::npos;
    });
}

// Takes a line off, without its CR LF. Nothing when there is no whole one.
inline std::optional<std::string_view> take_line(std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    return line;
}

// Lines up to an empty one, which is taken off as well.
inline std::optional<std::vector<Line>> take_fields(std::string_view& bytes) {
    std::vector<Line> result;
    for (;;) {
        const auto line = take_line(bytes);
        if (!line) {
            return std::nullopt;
        }
        if (line->empty()) {
            return result;
        }
        const std::size_t colon = std::min(line->find(": "), line->size());
        const std::string_view value = line->substr(std::min(colon + 2, line->size()));
        constexpr std::string_view space = " \t";
        const bool padded =
            !value.empty() && (space.find(value.front()) != std::string_view::npos ||
                               space.find(value.back()) != std::string_view::npos);
        if (colon == line->size() || !is_token(line->substr(0, colon)) || padded ||
            has_control(value, "\t")) {
            return std::nullopt;
        }
        result.push_back({std::string(line->substr(0, colon)), std::string(value)});
    }
}

inline std::optional<std::uint64_t> to_number(std::string_view text, std::uint64_t base) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::uint64_t number = 0;
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (digit >= base || number > (UINT64_MAX - digit) / base) {
            return std::nullopt;
        }
        number = number * base + digit;
    }
    return text.empty() ? std::nullopt : std::optional(number);
}

inline bool take_chunks(std::string_view& bytes, Message& message) {
    for (;;) {
        const auto line = take_line(bytes);
        const auto size = line ? to_number(*line, 16) : std::nullopt;
        if (!size) {
            return false;
        }
        if (*size == 0) {
            auto trailers = take_fields(bytes);
            if (trailers) {
                message.trailers = std::move(*trailers);
            }
            return trailers.has_value();
        }
        if (bytes.size() < *size + 2 || bytes.substr(*size, 2) != "\r\n") {
            return false;
        }
        message.body += bytes.substr(0, *size);
        bytes.remove_prefix(*size + 2);
    }
}

// The body, and nothing behind it. until_close: without framing the rest is the body, else there is
// none.
inline bool take_body(std::string_view bytes, Message& message, bool until_close) {
    const auto lengths = message.values("content-length");
    const auto codings = message.values("transfer-encoding");
    if (lengths.size() + codings.size() > 1) {
        return false;
    }
    if (!codings.empty()) {
        return codings[0] == "chunked" && take_chunks(bytes, message) && bytes.empty();
    }
    const auto length = lengths.empty() ? std::nullopt : to_number(lengths[0], 10);
    if (lengths.empty() ? !until_close && !bytes.empty() : length != bytes.size()) {
        return false;
    }
    message.body = bytes;
    return true;
}

inline bool is_request_line(std::string_view line) {
    const std::size_t first = std::min(line.find(' '), line.size());
    const std::size_t last = line.rfind(' ');
    if (first == line.size() || last == first || !is_token(line.substr(0, first))) {
        return false;
    }
    const std::string_view target = line.substr(first + 1, last - first - 1);
    return (target.starts_with('/') || target == "*") && !has_control(target) &&
           target.find_first_of(" #") == std::string_view::npos &&
           line.substr(last + 1) == "HTTP/1.1";
}

// Exactly one request for a process, and nothing behind it; nothing for anything else.
inline std::optional<Message> one_request(std::string_view bytes) {
    Message message;
    const auto line = take_line(bytes);
    auto fields = take_fields(bytes);
    if (!line || !fields || !is_request_line(*line)) {
        return std::nullopt;
    }
    message.start_line = *line;
    message.fields = std::move(*fields);
    if (message.values("host").size() != 1 || message.values("connection").size() != 1 ||
        !take_body(bytes, message, false)) {
        return std::nullopt;
    }
    return message;
}

inline bool is_status_line(std::string_view line) {
    constexpr std::string_view version = "HTTP/1.1 ";
    if (!line.starts_with(version) || line.size() < version.size() + 4) {
        return false;
    }
    line.remove_prefix(version.size());
    return to_number(line.substr(0, 3), 10) >= 100U && line[3] == ' ' && !has_control(line, "\t");
}

// Exactly one answer to a client, which may last until the connection closes where it says so.
// no_body: it has none, whatever its head says (RFC 9110, 6.4.1).
inline std::optional<Message> one_answer(std::string_view bytes, bool no_body) {
    Message message;
    const auto line = take_line(bytes);
    auto fields = take_fields(bytes);
    if (!line || !fields || !is_status_line(*line)) {
        return std::nullopt;
    }
    message.start_line = *line;
    message.fields = std::move(*fields);
    const auto connection = message.values("connection");
    const bool closes =
        connection.size() == 1 && (connection[0] == "close" || connection[0] == "close, Upgrade");
    if (connection.size() > 1 || (no_body ? !bytes.empty() : !take_body(bytes, message, closes))) {
        return std::nullopt;
    }
    return message;
}

} // namespace gangway::strict
