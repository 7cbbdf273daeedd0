// The answer of a round of checks as the command reads it: the same in all pieces.
//
// Input: a line whose bytes say where the rest is cut; the rest is what arrives.
#include "fuzz_target.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/commands/health/stream.hpp"
#include "utf8.hpp"

namespace gangway::command {
namespace {

using fuzz::require;

std::optional<HealthReport> read(std::string_view text, std::string_view sizes) {
    HealthStream stream;
    try {
        for (std::size_t i = 0; !text.empty(); i++) {
            const std::size_t size =
                sizes.empty() ? text.size()
                              : static_cast<std::uint8_t>(sizes[i % sizes.size()]) % 64U + 1U;
            stream.feed(text.substr(0, size));
            text.remove_prefix(std::min(size, text.size()));
        }
        require(stream.not_healthy() <= stream.checked(), "no more are ill than there are");
        return std::move(stream).finish();
    } catch (const Failure& failure) {
        require(fuzz::is_harmless(failure.what()), "what is said of an answer is printable");
        return std::nullopt;
    }
}

} // namespace
} // namespace gangway::command

GANGWAY_FUZZ_TARGET(health_stream) {
    using namespace gangway;
    using namespace gangway::command;
    fuzz::Input input(bytes);
    const std::string_view sizes = input.line();
    const auto whole = read(input.rest(), {});
    const auto pieces = read(input.rest(), sizes);
    require(whole.has_value() == pieces.has_value(), "no split makes an answer good or bad");
    if (!whole) {
        return;
    }
    require(whole->results.size() == pieces->results.size(), "no split hides a result");
    for (std::size_t i = 0; i < whole->results.size(); i++) {
        const HealthResult& result = whole->results[i];
        require(result.json == pieces->results[i].json, "no split changes a result");
        require(result.json.find('\n') == std::string::npos, "a result is one line");
        for (const std::string* text : {&result.pid, &result.group, &result.state, &result.reason,
                                        &result.detail, &result.status, &result.route}) {
            require(fuzz::is_harmless(*text), "what is shown of a result is printable");
        }
    }
    require(!health_counts(whole->summary).empty(), "a summary says something");
}
