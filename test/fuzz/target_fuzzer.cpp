// What a request is for: its target, the ids and names in it, its query.
#include "admin/target.hpp"
#include "fuzz_target.hpp"
#include "gangway/base/percent_encoding.hpp"

namespace gangway::admin {
namespace {

using fuzz::require;

bool lies_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

void fuzz_target_of(std::string_view text) {
    const auto target = parse_target(text);
    if (!target) {
        return;
    }
    require(lies_within(target->subject, text) && lies_within(target->query, text) &&
                lies_within(target->authority, text),
            "what is named points into the target");
    const bool is_forwarded =
        target->endpoint == Endpoint::forward || target->endpoint == Endpoint::outside;
    require(is_forwarded || target->forwarded.empty(), "only what is forwarded has a target");
    require(!is_forwarded || target->forwarded == "*" || target->forwarded.starts_with('/'),
            "a process is asked for a path, or for *");
    require(target->forwarded.size() <= text.size() + 1, "forwarding adds no more than a /");
    require(target->endpoint != Endpoint::forward || !target->subject.empty(),
            "what is forwarded names its process");
}

void fuzz_id(std::string_view text) {
    const auto id = parse_process_id(text);
    if (id) {
        require(id->gupid.size == 0 ? id->pid > 0
                                    : std::string_view(id->gupid.data, id->gupid.size) == text,
                "an id is a pid, or the text itself");
    }
}

void fuzz_encoding(std::string_view text) {
    const auto decoded = percent_decode(text, false);
    if (decoded) {
        const auto again = percent_decode(command::percent_encode(*decoded), false);
        require(again == decoded, "what was decoded and encoded decodes to the same");
        require(decoded->size() <= text.size(), "decoding makes nothing longer");
    }
    const auto back = percent_decode(command::percent_encode(text), true);
    require(back && *back == text, "what was encoded decodes to itself");
}

void fuzz_query(std::string_view text) {
    const auto parameters = parse_query(text);
    if (!parameters) {
        return;
    }
    std::string encoded;
    for (const auto& [name, value] : *parameters) {
        encoded += command::percent_encode(name) + "=" + command::percent_encode(value) + "&";
    }
    const auto again = parse_query(encoded);
    require(again == parameters, "a query that was written again is read the same");
}

} // namespace
} // namespace gangway::admin

GANGWAY_FUZZ_TARGET(target) {
    gangway::admin::fuzz_target_of(bytes);
    gangway::admin::fuzz_target_of("/v1/" + std::string(bytes));
    gangway::admin::fuzz_target_of("http://" + std::string(bytes));
    gangway::admin::fuzz_id(bytes);
    gangway::admin::fuzz_encoding(bytes);
    gangway::admin::fuzz_query(bytes);
}
