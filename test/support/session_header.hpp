// Takes a header of Passenger's session protocol apart: a 4-byte big-endian length, then
// "NAME\0VALUE\0" pairs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangway::worker {

using Variables = std::vector<std::pair<std::string, std::string>>;

// Nothing where the length is not that of what follows, or a pair has no end.
inline std::optional<Variables> decode_session_header(std::string_view header) {
    constexpr std::size_t prefix = 4;
    if (header.size() < prefix) {
        return std::nullopt;
    }
    std::size_t length = 0;
    for (const char c : header.substr(0, prefix)) {
        length = length * 256 + static_cast<unsigned char>(c);
    }
    header.remove_prefix(prefix);
    if (length != header.size()) {
        return std::nullopt;
    }
    Variables result;
    while (!header.empty()) {
        const std::size_t name_end = header.find('\0');
        const std::size_t value_end =
            name_end == std::string_view::npos ? name_end : header.find('\0', name_end + 1);
        if (value_end == std::string_view::npos) {
            return std::nullopt;
        }
        result.emplace_back(header.substr(0, name_end),
                            header.substr(name_end + 1, value_end - name_end - 1));
        header.remove_prefix(value_end + 1);
    }
    return result;
}

} // namespace gangway::worker
