#include "visits/route.hpp"

#include <algorithm>
#include <cstddef>

namespace gangway::visits {

namespace {

constexpr std::size_t most_segments = 8;
constexpr std::size_t most_of_segment = 48;
constexpr std::size_t least_of_identifier = 16;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Digits among letters, and no words parted by more than a few dashes: a hash, a UUID, a token.
bool is_identifier(std::string_view segment) {
    const auto digits = std::count_if(segment.begin(), segment.end(), is_digit);
    const auto plain = std::count_if(segment.begin(), segment.end(), [](char c) {
        return is_digit(c) || is_letter(c) || c == '-' || c == '_' || c == '=';
    });
    return segment.size() >= least_of_identifier &&
           static_cast<std::size_t>(plain) == segment.size() &&
           static_cast<std::size_t>(digits) * 5 >= segment.size();
}

void append_segment(std::string& route, std::string_view segment) {
    if (segment.empty()) {
        return;
    }
    if (std::all_of(segment.begin(), segment.end(), is_digit)) {
        route += ":n";
    } else if (is_identifier(segment)) {
        route += ":id";
    } else if (segment.size() > most_of_segment) {
        route.append(segment.substr(0, most_of_segment)).append("...");
    } else {
        route += segment;
    }
}

// The next segment of a path, which begins with '/'; what is left of it.
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
        const std::string_view wanted = take_segment(pattern);
        if (wanted == "*" && pattern.empty()) {
            return true;
        }
        const std::string_view segment = take_segment(path);
        const bool any = wanted.size() > 1 && wanted.front() == ':' && !segment.empty();
        if (!any && wanted != segment) {
            return false;
        }
    }
    return pattern.empty() && path.empty();
}

} // namespace

std::string RouteRule::route_of(std::string_view path) const {
    if (!path.starts_with('/')) { // "*", or a proxy's whole URL.
        return std::string(path.substr(0, most_of_segment));
    }
    for (const std::string& pattern : patterns_) {
        if (fits(pattern, path)) {
            return pattern;
        }
    }
    std::string route;
    for (std::size_t count = 0; !path.empty(); count++) {
        route += '/';
        if (count == most_segments) {
            return route + "...";
        }
        append_segment(route, take_segment(path));
    }
    return route;
}

std::string_view fault_of_pattern(std::string_view pattern) {
    constexpr std::size_t longest = 256;
    constexpr int most_slashes = 16; // Each visit is compared with it.
    if (!pattern.starts_with('/')) {
        return "a route begins with '/'";
    }
    if (pattern.size() > longest) {
        return "a route has 256 bytes at most";
    }
    if (std::count(pattern.begin(), pattern.end(), '/') > most_slashes) {
        return "a route has 16 segments at most";
    }
    for (std::string_view rest = pattern; !rest.empty();) {
        const std::string_view segment = take_segment(rest);
        if (segment == ":") {
            return "':' wants a name behind it";
        }
        if (segment == "*" && !rest.empty()) {
            return "'*' stands at a route's end alone";
        }
    }
    return "";
}

} // namespace gangway::visits
