// Of any headers, those pass through that may, as they came.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/http_generators.hpp"
#include "worker/header_rules.hpp"

namespace gangway::worker {
namespace {

using random::Line;
using random::Lines;
using strict::lower;
using Names = std::set<std::string, std::less<>>;

const Names hop_by_hop{
    "connection",         "keep-alive", "proxy-connection",  "proxy-authorization",
    "proxy-authenticate", "te",         "transfer-encoding", "upgrade",
    "content-length"};
const Names steering{"x-passenger-connect-password",
                     "x-passenger-process",
                     "x-gangway-route",
                     "x-gangway-wait",
                     "x-gangway-timeout",
                     "x-gangway-connect-timeout",
                     "x-gangway-first-byte-timeout",
                     "x-gangway-idle-timeout"};
const Names gangways{"status", "x-gangway-route", "x-gangway-process", "x-gangway-error"};
const Names framing_routing_and_credentials{"host",          "authorization",     "cookie",
                                            "set-cookie",    "www-authenticate",  "content-type",
                                            "content-range", "content-encoding",  "content-length",
                                            "cache-control", "transfer-encoding", "trailer",
                                            "expect",        "max-forwards",      "te"};

rc::Gen<Lines> any_lines() {
    const auto names = [](const Names& set) {
        return rc::gen::elementOf(std::vector<std::string>(set.begin(), set.end()));
    };
    const auto in_some_case = rc::gen::map(
        rc::gen::pair(rc::gen::oneOf(names(hop_by_hop), names(steering), names(gangways),
                                     names(framing_routing_and_credentials)),
                      rc::gen::arbitrary<bool>()),
        [](std::pair<std::string, bool> name) {
            name.first[0] = name.second && name.first[0] >= 'a'
                                ? static_cast<char>(name.first[0] - 'a' + 'A')
                                : name.first[0];
            return name.first;
        });
    const auto passengers =
        rc::gen::map(random::token(), [](const std::string& name) { return "!~" + name; });
    return rc::gen::container<Lines>(
        rc::gen::oneOf(random::field(), random::connection(),
                       rc::gen::construct<Line>(in_some_case, random::value()),
                       rc::gen::construct<Line>(passengers, random::value())));
}

// Every name that a Connection header lists, lower case; Host stays whatever it lists.
Names named(const Lines& lines) {
    Names result;
    for (const Line& line : lines) {
        if (lower(line.name) != "connection") {
            continue;
        }
        std::string word;
        for (const char c : lower(line.value) + ",") {
            if (c == ',') {
                word = word.substr(0, word.find(';'));
                word.erase(std::remove_if(word.begin(), word.end(),
                                          [](char s) { return s == ' ' || s == '\t'; }),
                           word.end());
                result.insert(word);
                word.clear();
            } else {
                word += c;
            }
        }
    }
    result.erase("host");
    return result;
}

// The lines that are left without those names, and without Passenger's own.
Lines without(const Lines& lines, const std::vector<const Names*>& dropped) {
    Lines result;
    for (const Line& line : lines) {
        const std::string name = lower(line.name);
        const bool drop = name.starts_with("!~") ||
                          std::any_of(dropped.begin(), dropped.end(),
                                      [&](const Names* names) { return names->contains(name); });
        if (!drop) {
            result.push_back(line);
        }
    }
    return result;
}

RC_GTEST_PROP(RequestHeaderProperties, LoseWhatTheyMustAndKeepTheRestInOrder, ()) {
    const Lines lines = *any_lines();
    const auto rules = RequestHeaderRules{.drop_authorization = *rc::gen::arbitrary<bool>(),
                                          .keep_expect = *rc::gen::arbitrary<bool>(),
                                          .keep_trailer = *rc::gen::arbitrary<bool>()};
    Names chosen;
    if (rules.drop_authorization) {
        chosen.insert("authorization");
    }
    if (!rules.keep_expect) {
        chosen.insert("expect");
    }
    if (!rules.keep_trailer) {
        chosen.insert("trailer");
    }
    const message::Fields fields = random::to_fields(lines);
    const Names listed = named(lines);
    RC_ASSERT(random::lines(request_headers(fields, rules)) ==
              without(lines, {&hop_by_hop, &steering, &chosen, &listed}));
}

RC_GTEST_PROP(AnswerHeaderProperties, LoseWhatTheyMustAndKeepTheRestInOrder, ()) {
    const Lines lines = *any_lines();
    const bool keep_trailer = *rc::gen::arbitrary<bool>();
    const Names chosen = keep_trailer ? Names() : Names{"trailer"};
    const message::Fields fields = random::to_fields(lines);
    const Names listed = named(lines);
    RC_ASSERT(random::lines(answer_headers(fields, keep_trailer)) ==
              without(lines, {&hop_by_hop, &gangways, &chosen, &listed}));
}

RC_GTEST_PROP(TrailerProperties, LoseWhatAHeadWouldLoseAndWhatFramesRoutesOrAuthenticates, ()) {
    const Lines lines = *any_lines();
    const message::Fields fields = random::to_fields(lines);
    const Lines of_request = random::lines(request_trailers(fields));
    const Lines of_answer = random::lines(answer_trailers(fields));
    RC_ASSERT(without(of_request, {&hop_by_hop, &steering, &framing_routing_and_credentials}) ==
              of_request);
    RC_ASSERT(without(of_answer, {&hop_by_hop, &gangways, &framing_routing_and_credentials}) ==
              of_answer);
    for (const Lines* kept : {&of_request, &of_answer}) {
        auto at = lines.begin(); // In order, and no more often than they came.
        for (const Line& line : *kept) {
            at = std::find(at, lines.end(), line);
            RC_ASSERT(at != lines.end());
            ++at;
        }
    }
    const auto is_private = [](const Line& line) { return line.name.starts_with("X-A"); };
    const auto count = [&](const Lines& of) {
        return std::count_if(of.begin(), of.end(), is_private);
    };
    if (named(lines).empty()) {
        RC_ASSERT(count(of_request) == count(lines));
        RC_ASSERT(count(of_answer) == count(lines));
    }
}

} // namespace
} // namespace gangway::worker
