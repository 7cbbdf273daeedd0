// What a request is for: its target, the ids and names in it, its query.
#include "admin/parameters.hpp"
#include "admin/target.hpp"
#include "fuzz_target.hpp"
#include "gangway/base/percent_encoding.hpp"
#include "support/some_endpoints.hpp"
#include "utf8.hpp"

namespace gangway::admin {
namespace {

using fuzz::require;

bool lies_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

void fuzz_match(const Target& target) {
    for (const bool may_act : {false, true}) {
        const auto found = match(some_endpoints, {.method = "GET",
                                                  .path = target.path,
                                                  .query = target.query,
                                                  .has_body = false,
                                                  .may_act = may_act});
        if (!found) {
            require(!found.error().detail.empty() && fuzz::is_utf8(to_json(found.error())),
                    "who is refused is told why");
            continue;
        }
        require(target.kind == Kind::api, "only what is under /v1 is an endpoint");
        require(found->endpoint->answer != nullptr, "what is found can be answered");
        require(may_act || found->endpoint->need == Need::reads, "who may not act does not");
        require(lies_within(found->subject, target.path), "a subject points into the path");
        require(found->arguments.pairs().size() <= found->endpoint->parameters.size(),
                "each parameter is there once");
    }
}

void fuzz_target_of(std::string_view text) {
    const auto target = parse_target(text);
    if (!target) {
        return;
    }
    require(lies_within(target->process, text) && lies_within(target->query, text) &&
                lies_within(target->authority, text),
            "what is named points into the target");
    const bool is_forwarded = target->kind != Kind::api;
    require(is_forwarded || target->forwarded.empty(), "only what is forwarded has a target");
    require(!is_forwarded || target->forwarded == "*" || target->forwarded.starts_with('/'),
            "a process is asked for a path, or for *");
    require(target->forwarded.size() <= text.size() + 1, "forwarding adds no more than a /");
    require((target->kind == Kind::forward) == !target->process.empty(),
            "what is forwarded names its process");
    fuzz_match(*target);
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
    constexpr std::size_t most = 1000;
    const auto pairs = parse_query(text, most);
    if (!pairs) {
        return;
    }
    std::string encoded;
    for (const auto& [name, value] : *pairs) {
        encoded += command::percent_encode(name) + "=" + command::percent_encode(value) + "&";
    }
    const auto again = parse_query(encoded, most);
    require(again == pairs, "a query that was written again is read the same");
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
