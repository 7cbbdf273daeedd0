#include "admin/endpoint.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "admin/path_segment.hpp"
#include "text/nearest.hpp"

namespace gangway::admin {

namespace {

bool is_variable(std::string_view segment) {
    return segment.starts_with('{');
}

// What stands in the pattern's braces, empty where it has none. Nothing: it does not fit.
std::optional<std::string_view> fit(std::string_view pattern, std::string_view path) {
    std::string_view subject;
    while (!pattern.empty() && path.starts_with('/')) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view segment = take_segment(path);
        if (is_variable(wanted) && !segment.empty()) {
            subject = segment;
        } else if (segment != wanted) {
            return std::nullopt;
        }
    }
    return pattern.empty() && path.empty() ? std::optional(subject) : std::nullopt;
}

// The pattern with what stands in path where it has braces.
std::string filled(std::string_view pattern, std::string_view path) {
    std::string result;
    while (!pattern.empty()) {
        const std::string_view wanted = take_segment(pattern);
        const std::string_view segment = path.starts_with('/') ? take_segment(path) : "";
        result += '/';
        result += is_variable(wanted) && !segment.empty() ? segment : wanted;
    }
    return result;
}

// Which is told as the table has it: nothing of the request comes back.
Problem not_found(Table table, std::string_view path) {
    std::vector<std::string> paths;
    for (const Endpoint* endpoint : table) {
        paths.push_back(filled(endpoint->path, path));
    }
    const std::vector<std::string_view> words(paths.begin(), paths.end());
    const auto meant = std::find(words.begin(), words.end(), nearest(path, words));
    std::string detail = "There is no such endpoint in the API";
    if (meant == words.end()) {
        detail += ".";
    } else {
        const Endpoint& endpoint = *table[static_cast<std::size_t>(meant - words.begin())];
        detail += "; did you mean " + std::string(endpoint.path) + "?";
    }
    detail += " GET /v1 lists them. To send a request with this path to a process, add "
              "X-Passenger-Process.";
    return {Code::not_found, std::move(detail)};
}

bool takes(const Endpoint& endpoint, std::string_view method) {
    switch (endpoint.method) {
    case Method::get:
        return method == "GET" || method == "HEAD";
    case Method::post:
        return method == "POST";
    case Method::any:
        return true;
    }
    return false;
}

Problem method_not_allowed(bool gets, bool posts) {
    Problem problem{Code::method_not_allowed, {}};
    if (gets && posts) {
        problem.allow = "GET, HEAD, POST";
        problem.detail = "This endpoint has GET, HEAD and POST only.";
    } else if (posts) {
        problem.allow = "POST";
        problem.detail = "This endpoint has POST only.";
    } else {
        problem.allow = "GET, HEAD";
        problem.detail = "This endpoint has GET and HEAD only.";
    }
    return problem;
}

// The row for the path and the method.
Result<Match> find(Table table, const Asked& asked) {
    bool gets = false;
    bool posts = false;
    for (const Endpoint* endpoint : table) {
        const auto subject = fit(endpoint->path, asked.path);
        if (!subject || endpoint->answer == nullptr) {
            continue;
        }
        if (takes(*endpoint, asked.method)) {
            return Match{endpoint, *subject, {}};
        }
        gets = gets || endpoint->method == Method::get;
        posts = posts || endpoint->method == Method::post;
    }
    return gets || posts ? method_not_allowed(gets, posts) : not_found(table, asked.path);
}

} // namespace

std::string_view word(Method method) {
    constexpr std::array<std::string_view, 3> words{"GET", "POST", "any"};
    return words.at(static_cast<std::size_t>(method));
}

Result<Match> match(Table table, const Asked& asked) {
    auto found = find(table, asked);
    if (!found) {
        return found;
    }
    const Endpoint& endpoint = *found->endpoint;
    if (asked.has_body && !endpoint.takes_body) {
        return Problem{Code::body_not_allowed, "This endpoint takes no body."};
    }
    if (endpoint.need == Need::acts && !asked.may_act) {
        return Problem{Code::forbidden,
                       "This account is read-only; use a full administrator's account."};
    }
    auto arguments = parse_arguments(asked.query, endpoint.parameters, asked.may_act);
    if (!arguments) {
        return arguments.error();
    }
    found->arguments = std::move(*arguments);
    return found;
}

} // namespace gangway::admin
