#include "admin/target.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "message/authority.hpp"
#include "message/fields.hpp"

namespace gangway::admin {

namespace {

// Takes the next segment of a path off: "/a/b" -> "a", leaving "/b".
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

std::string with_query(std::string_view path, std::string_view query, bool has_query) {
    std::string result(path.empty() ? "/" : path);
    if (has_query) {
        result += '?';
        result += query;
    }
    return result;
}

Target parse_api(std::string_view path, std::string_view query, bool has_query) {
    Target unknown{Endpoint::unknown, {}, query, {}};
    if (path.empty()) {
        return unknown;
    }
    const std::string_view collection = take_segment(path);
    if (collection == "pool" && path.empty()) {
        return {Endpoint::pool, {}, query, {}};
    }
    if (collection == "health" && path.empty()) {
        return {Endpoint::health, {}, query, {}};
    }
    if (collection == "health" && path == "/live") {
        return {Endpoint::health_live, {}, query, {}};
    }
    if (collection == "events" && path.empty()) {
        return {Endpoint::events, {}, query, {}};
    }
    if (collection != "groups" && collection != "processes") {
        return unknown;
    }
    if (path.empty()) {
        return {collection == "groups" ? Endpoint::groups : Endpoint::processes, {}, query, {}};
    }
    const std::string_view subject = take_segment(path);
    if (subject.empty()) {
        return unknown;
    }
    if (path.empty()) {
        return {collection == "groups" ? Endpoint::group : Endpoint::process, subject, query, {}};
    }
    if (collection == "processes" && path == "/health") {
        return {Endpoint::process_health, subject, query, {}};
    }
    if (collection == "processes" && take_segment(path) == "request") {
        return {Endpoint::forward, subject, query, with_query(path, query, has_query)};
    }
    return unknown;
}

// target: a path and perhaps a query; after an authority the path may be missing.
std::optional<Target> parse_path(std::string_view target, std::string_view authority) {
    if (!authority.empty() && !target.starts_with('/')) {
        if (!target.empty()) { // "http://host?query"
            return Target{Endpoint::outside, {}, {}, "/" + std::string(target), authority};
        }
        target = "/";
    }
    if (target.empty() || target.front() != '/') {
        return std::nullopt;
    }
    const std::size_t mark = target.find('?');
    const bool has_query = mark != std::string_view::npos;
    std::string_view path = target.substr(0, mark);
    const std::string_view query = has_query ? target.substr(mark + 1) : std::string_view();

    constexpr std::string_view root = "/v1";
    if (path == root || path.starts_with("/v1/")) {
        path.remove_prefix(root.size());
        Target result = parse_api(path, query, has_query);
        result.authority = authority;
        return result;
    }
    return Target{Endpoint::outside, {}, query, std::string(target), authority};
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

std::optional<Target> parse_target(std::string_view target) {
    if (target == "*") {
        return Target{Endpoint::outside, {}, {}, "*"};
    }
    std::string_view authority;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (message::same_token(target.substr(0, scheme.size()), scheme)) {
            target.remove_prefix(scheme.size());
            authority = target.substr(0, target.find_first_of("/?"));
            target.remove_prefix(authority.size());
            if (!message::parse_authority(authority)) {
                return std::nullopt;
            }
            return parse_path(target, authority);
        }
    }
    return parse_path(target, authority);
}

std::optional<gangway_process_id> parse_process_id(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto gupid_character = [&](char c) {
        return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    };
    if (text.empty() || !std::all_of(text.begin(), text.end(), gupid_character)) {
        return std::nullopt;
    }
    if (!std::all_of(text.begin(), text.end(), digit)) {
        return gangway_process_id{0, {text.data(), text.size()}};
    }
    std::int32_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc() || pid == 0) {
        return std::nullopt;
    }
    return gangway_process_id{pid, {nullptr, 0}};
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '+' && plus_is_space) {
            result += ' ';
        } else if (text[i] != '%') {
            result += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            result += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return result;
}

std::optional<Parameters> parse_query(std::string_view query) {
    Parameters result;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) {
            return std::nullopt;
        }
        result.emplace_back(std::move(*name), std::move(*value));
    }
    return result;
}

} // namespace gangway::admin
