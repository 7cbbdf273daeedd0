#include "admin/target.hpp"

#include <algorithm>

#include "admin/path_segment.hpp"
#include "message/authority.hpp"
#include "message/fields.hpp"
#include "text/number.hpp"

namespace gangway::admin {

namespace {

std::string with_query(std::string_view path, std::string_view query, bool has_query) {
    std::string result(path.empty() ? "/" : path);
    if (has_query) {
        result += '?';
        result += query;
    }
    return result;
}

// "/v1/processes/12/request/a": 12, leaving "/a". Nothing: it is no such path.
std::optional<std::string_view> take_process(std::string_view& path) {
    constexpr std::string_view processes = "/v1/processes/";
    if (!path.starts_with(processes)) {
        return std::nullopt;
    }
    std::string_view rest = path.substr(processes.size() - 1);
    const std::string_view process = take_segment(rest);
    if (process.empty() || rest.empty() || take_segment(rest) != "request") {
        return std::nullopt;
    }
    path = rest;
    return process;
}

// target: a path and perhaps a query; after an authority the path may be missing.
std::optional<Target> parse_path(std::string_view target, std::string_view authority) {
    if (!authority.empty() && !target.starts_with('/')) {
        if (!target.empty()) { // "http://host?query"
            return Target{Kind::outside, {}, {}, {}, "/" + std::string(target), authority};
        }
        target = "/";
    }
    if (target.empty() || target.front() != '/') {
        return std::nullopt;
    }
    const std::size_t mark = target.find('?');
    const bool has_query = mark != std::string_view::npos;
    const std::string_view path = target.substr(0, mark);
    const std::string_view query = has_query ? target.substr(mark + 1) : std::string_view();

    if (path != "/v1" && !path.starts_with("/v1/")) {
        return Target{Kind::outside, path, query, {}, std::string(target), authority};
    }
    std::string_view rest = path;
    if (const auto process = take_process(rest)) {
        return Target{Kind::forward, path, query, *process, with_query(rest, query, has_query),
                      authority};
    }
    return Target{Kind::api, path, query, {}, {}, authority};
}

} // namespace

std::optional<Target> parse_target(std::string_view target) {
    if (target == "*") {
        return Target{Kind::outside, {}, {}, {}, "*"};
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
    const std::int32_t pid = parse_number<std::int32_t>(text).value_or(0);
    return pid == 0 ? std::nullopt : std::optional(gangway_process_id{pid, {nullptr, 0}});
}

} // namespace gangway::admin
