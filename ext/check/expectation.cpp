#include "check/expectation.hpp"

#include <algorithm>
#include <cstring>

#include <re2/re2.h>

#include "text/number.hpp"

namespace gangway::check {

namespace {

constexpr std::size_t max_excerpt_bytes = 80;
constexpr std::int64_t max_regex_memory = 128L * 1024;
// Where RE2 cannot make a deterministic automaton within that memory, a match takes as many steps
// as the expression has instructions times the text has bytes, up to 8 ns each. So both are
// bounded, and their product.
constexpr std::size_t max_regex_steps = 400'000;
constexpr std::size_t max_statuses = 64;
constexpr std::string_view advice =
    "; see the application's log, or correct the check's expectation.";

int size_of(const re2::RE2& regex) {
    return std::max({regex.ProgramSize(), regex.ReverseProgramSize(), 1});
}

// How many \p{…} and \P{…} there may be in it.
std::size_t unicode_classes(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find('\\'); at != std::string_view::npos;
         at = text.find('\\', at + 1)) {
        const std::string_view next = text.substr(at + 1, 1);
        count += next == "p" || next == "P" ? 1U : 0U;
    }
    return count;
}

// In linear time, which std::string_view::find() does not promise: a process and whoever has it
// checked choose one text each.
bool contains(std::string_view text, std::string_view part) {
    return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

// The beginning of any text, fit for a log and a terminal.
std::string excerpt(std::string_view text) {
    std::string result(text.substr(0, max_excerpt_bytes));
    for (char& c : result) {
        if (c == '\t' || c == '\n' || c == '\r') {
            c = ' ';
        } else if (c < ' ' || c > '~') {
            c = '?';
        }
    }
    return result;
}

std::string_view ellipsis(std::string_view text) {
    return text.size() > max_excerpt_bytes ? "..." : "";
}

std::string shorten(std::string_view text) {
    return excerpt(text).append(ellipsis(text));
}

std::string quote(std::string_view text) {
    return ('"' + excerpt(text) + '"').append(ellipsis(text));
}

std::string print_ranges(const std::vector<StatusRange>& statuses) {
    std::string result;
    for (const auto& [first, last] : statuses) {
        result += result.empty() ? "" : ",";
        result += std::to_string(first);
        result += first == last ? "" : "-" + std::to_string(last);
    }
    return result;
}

Mismatch unexpected(std::string_view sentence) {
    return {Reason::unexpected_body, std::string(sentence) + std::string(advice)};
}

// what: "does not contain …".
Mismatch unexpected(const std::string& what, std::string_view body) {
    return unexpected("The body " + what + ": it is " + (body.empty() ? "empty" : quote(body)));
}

std::optional<Mismatch> check_json(const JsonValue& expected, std::string_view body) {
    const auto document = parse_json(body);
    if (!document) {
        return unexpected("is not JSON, or has more than a check reads", body);
    }
    const Json::Value* const found = find(*document, expected.pointer);
    if (found == nullptr) {
        return unexpected("has nothing at " + quote(expected.pointer.text), body);
    }
    const bool fits = expected.value ? equal(*found, *expected.value)
                                     : !found->isNull() && !(found->isBool() && !found->asBool());
    if (fits) {
        return std::nullopt;
    }
    const std::string& pointer = expected.pointer.text;
    return unexpected(
        "The body" + (pointer.empty() ? "" : " at " + quote(pointer)) + " is " +
        shorten(print(*found)) + ", where " +
        (expected.value ? shorten(print(*expected.value)) : "anything but null and false") +
        " is expected");
}

// Nothing unless the text is a number from 100 to 599.
std::optional<unsigned> parse_status(std::string_view text) {
    const auto status = parse_number<unsigned>(text);
    return text.size() == 3 && status >= 100U && status <= 599U ? status : std::nullopt;
}

std::optional<StatusRange> parse_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_status(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_status(text.substr(dash + 1));
    if (!first || !last || *first > *last) {
        return std::nullopt;
    }
    return StatusRange{*first, *last};
}

} // namespace

std::size_t max_matched_bytes(const re2::RE2& regex) {
    return max_regex_steps / static_cast<std::size_t>(size_of(regex));
}

bool Expectation::needs_body() const {
    return !body.empty() || regex || json;
}

std::optional<Mismatch> Expectation::check_status(unsigned status) const {
    if (std::any_of(statuses.begin(), statuses.end(), [status](const StatusRange& range) {
            return range.first <= status && status <= range.last;
        })) {
        return std::nullopt;
    }
    return Mismatch{Reason::bad_status, "The status is " + std::to_string(status) + ", where " +
                                            shorten(print_ranges(statuses)) + " is expected" +
                                            std::string(advice)};
}

std::optional<Mismatch> Expectation::check_body(std::string_view content) const {
    if (!contains(content, body)) {
        return unexpected("does not contain " + quote(body), content);
    }
    if (regex && !re2::RE2::PartialMatch(content.substr(0, max_matched_bytes(*regex)), *regex)) {
        return unexpected("does not match " + quote(regex->pattern()), content);
    }
    return json ? check_json(*json, content) : std::nullopt;
}

Parsed<std::vector<StatusRange>> parse_statuses(std::string_view text) {
    std::vector<StatusRange> statuses;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto range = parse_range(text.substr(begin, end - begin));
        if (!range) {
            return Complaint{"must be statuses from 100 to 599 and ranges from a lower to a higher "
                             "one, such as \"200-299,304\""};
        }
        statuses.push_back(*range);
        if (statuses.size() > max_statuses) {
            return Complaint{"must be at most " + std::to_string(max_statuses) +
                             " statuses and ranges of them"};
        }
        begin = end + 1;
    }
    return statuses;
}

Parsed<std::shared_ptr<const re2::RE2>> parse_regex(std::string_view text) {
    if (text.size() > max_regex_bytes || unicode_classes(text) > max_unicode_classes) {
        return Complaint{"is too large a regular expression; at most " +
                         std::to_string(max_regex_bytes) + " bytes and " +
                         std::to_string(max_unicode_classes) + " Unicode classes (\\p) are taken"};
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_regex_memory);
    auto regex = std::make_shared<const re2::RE2>(text, options);
    if (!regex->ok()) {
        return Complaint{"must be a regular expression of RE2: " + shorten(regex->error())};
    }
    if (size_of(*regex) > max_regex_size) {
        return Complaint{
            "is too large a regular expression; repeat less, or look for a plain text"};
    }
    return regex;
}

} // namespace gangway::check
