#pragma once

#include <algorithm>
#include <string_view>

namespace gangway::admin {

// Takes the first segment of a path off, which begins with '/': "/a/b" -> "a", leaving "/b".
inline std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

} // namespace gangway::admin
