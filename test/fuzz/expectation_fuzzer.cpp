// What an answer to a health check must be, against what it is: statuses, a regular expression, a
// JSON pointer with its value, a text; and a body that a process chose.
//
// Input: a line each of statuses, expression, pointer, value and text; the rest is the body.
#include "check/expectation.hpp"
#include "fuzz_target.hpp"
#include "utf8.hpp"

namespace gangway::check {
namespace {

using fuzz::require;

void fuzz_statuses(std::string_view text, check::Expectation& expectation) {
    auto statuses = parse_statuses(text);
    if (statuses) {
        require(!statuses->empty(), "who expects a status expects one at least");
        for (const check::StatusRange& range : *statuses) {
            require(range.first >= 100 && range.first <= range.last && range.last <= 599,
                    "statuses are HTTP's");
        }
        expectation.statuses = *std::move(statuses);
    }
    require(expectation.check_status(99).has_value(), "99 is no status");
}

void require_explained(const std::optional<check::Mismatch>& mismatch) {
    if (mismatch) {
        require(mismatch->detail.size() < 4096, "a mismatch is one sentence");
        require(mismatch->detail.find_first_of("\r\n") == std::string::npos &&
                    fuzz::is_harmless(mismatch->detail),
                "nothing of a body can act in a log or on a terminal");
    }
}

} // namespace
} // namespace gangway::check

GANGWAY_FUZZ_TARGET(expectation) {
    using namespace gangway;
    using namespace gangway::check;
    fuzz::Input input(bytes);
    check::Expectation expectation;
    fuzz_statuses(input.line(), expectation);
    const auto regex = parse_regex(input.line());
    if (regex) {
        expectation.regex = *regex;
    }
    const auto pointer = parse_json_pointer(input.line());
    const std::string_view value = input.line();
    if (pointer) {
        expectation.json =
            check::JsonValue{*pointer, value.empty() ? std::nullopt : parse_json(value)};
    }
    expectation.body = input.line();
    const std::string_view body = input.rest();
    require_explained(expectation.check_status(200));
    const auto mismatch = expectation.check_body(body);
    require_explained(mismatch);
    fuzz::require(mismatch || body.find(expectation.body) != std::string_view::npos,
                  "a body that will do holds the text");
    if (expectation.json) {
        const auto document = parse_json(body);
        const Json::Value* found = document ? find(*document, expectation.json->pointer) : nullptr;
        fuzz::require(mismatch || found != nullptr, "a body that will do has the value");
    }
}
