// What an answer to a health check must be (docs/health.md): its status, and what its body holds.
//
// Pure. An Expectation is built once, from what the parse functions gave; after that any number of
// threads may check against it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <json/json.h>

#include "check/complaint.hpp"
#include "check/json.hpp"
#include "check/verdict.hpp"

namespace re2 {
class RE2;
}

namespace gangway::check {

// Both ends belong to it.
struct StatusRange {
    unsigned first;
    unsigned last;
    bool operator==(const StatusRange&) const = default;
};

struct JsonValue {
    JsonPointer pointer;
    std::optional<Json::Value> value{}; // nothing: anything but null and false will do
};

struct Mismatch {
    Reason reason;
    std::string detail; // one sentence of printable ASCII, with at most 80 bytes of the body
};

struct Expectation {
    std::vector<StatusRange> statuses{{200, 399}};
    std::string body;                      // must be in the body; empty: none
    std::shared_ptr<const re2::RE2> regex; // must match somewhere in the body; null: none
    std::optional<JsonValue> json;

    // Whether check_body() looks at the body: without it, none needs to be read.
    bool needs_body() const;

    std::optional<Mismatch> check_status(unsigned status) const;

    // The whole body, without its transfer coding. The first thing that is wrong with it.
    std::optional<Mismatch> check_body(std::string_view content) const;
};

// "200-299,304": statuses from 100 to 599 and ranges of them, without spaces.
Parsed<std::vector<StatusRange>> parse_statuses(std::string_view text);

// RE2's syntax, over UTF-8. Everybody waits while one is compiled or matched, so either takes 5 ms
// at most: the expression is bounded, and the larger it is, the less of a body it is matched with.
// Beyond these it is refused.
inline constexpr std::size_t max_regex_bytes = 256;
inline constexpr std::size_t max_unicode_classes = 2; // \p{…}: each has hundreds of ranges
inline constexpr int max_regex_size = 1000;           // of RE2's instructions, either way
// How much of a body is matched.
std::size_t max_matched_bytes(const re2::RE2& regex);
Parsed<std::shared_ptr<const re2::RE2>> parse_regex(std::string_view text);

} // namespace gangway::check
