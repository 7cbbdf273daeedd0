// Which route a path belongs to: the path with what differs from visit to visit left out
// (docs/api.md, "Routes").
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangway::visits {

class RouteRule {
  public:
    static constexpr std::size_t most_patterns = 100;

    RouteRule() = default;
    // patterns: as fault_of_pattern() takes them. The first that fits a path is its route; where
    // none does, what looks like a number or an identifier is left out:
    //   /orders/17                       -> /orders/:n
    //   /o/f47ac10b-58cc-4372-a567-0e02b2c3d479, /o/9f86d081884c7d659a2f  -> /o/:id
    //   /a/b/c/d/e/f/g/h/i               -> /a/b/c/d/e/f/g/h/...
    explicit RouteRule(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

    // path: without a query.
    std::string route_of(std::string_view path) const;

  private:
    std::vector<std::string> patterns_;
};

// What is wrong with a pattern, which is a path in which ":name" stands for any segment, and "*" at
// its end for any number of them; "" for nothing.
std::string_view fault_of_pattern(std::string_view pattern);

} // namespace gangway::visits
