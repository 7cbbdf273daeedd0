// What a text costs must grow as the text does: four times of it may not cost more than about four
// times as much. What two parts of a text cost together counts, too.
//
// Input: the first byte says who reads it; then five parts, split by NUL. The text is the first
// part, the second over and over, the third, the fourth over and over, and the last.
#include <algorithm>
#include <array>
#include <ctime>

#include "admin/parameters.hpp"
#include "admin/target.hpp"
#include "check/expectation.hpp"
#include "gangway/base/printable.hpp"
#include "http_reading.hpp"
#include "support/some_endpoints.hpp"
#include "text/json_text.hpp"
#include "text/printable.hpp"

namespace gangway::fuzz {
namespace {

// Keeps what a reader makes from being left out by the compiler.
volatile std::size_t sink = 0;

void read_request(std::string_view text) {
    const Reading reading = read_message<true>(text, {});
    if (!reading.error && !message::check_request(reading.head)) {
        const worker::Headers headers = worker::request_headers(reading.head.fields, {});
        sink = worker::request_trailers(reading.head.trailers).size() +
               worker::encode_session_request(
                   {reading.head.method, "/", "h", "/", headers, {}, {}, {}}, "G")
                   .size();
    }
}

void read_answer(std::string_view text) {
    const Reading reading = read_message<false>(text, {});
    if (!reading.error && !message::check_answer(reading.head)) {
        sink = worker::answer_headers(reading.head.fields, true).size() +
               worker::answer_trailers(reading.head.trailers).size();
    }
}

void read_query(std::string_view text) {
    sink = admin::parse_arguments(text, admin::parameters, true).has_value() ? 1U : 0U;
}

void read_target(std::string_view text) {
    const auto target = admin::parse_target(text);
    if (target) {
        const bool found = admin::match(admin::some_endpoints, {.method = "GET",
                                                                .path = target->path,
                                                                .query = target->query,
                                                                .has_body = false,
                                                                .may_act = true})
                               .has_value();
        sink = found ? 1U : 0U;
    }
}

void read_json(std::string_view text) {
    sink = check::parse_json(text) ? 1U : 0U;
}

void look_for_text(std::string_view text) {
    check::Expectation expectation;
    expectation.body = text.substr(0, std::min<std::size_t>(text.size() / 4, 1024));
    sink = expectation.check_body(text.substr(text.size() / 4)) ? 1U : 0U;
}

void look_for_pattern(std::string_view text) {
    static const auto regex = check::parse_regex("(a|b|ab)*[0-9]+x?(.*)*$");
    check::Expectation expectation;
    expectation.regex = *regex;
    sink = expectation.check_body(text) ? 1U : 0U;
}

void print(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    const std::string shown = command::printable(text);
    sink = json.size() + gangway::printable(text).size() +
           command::shorten_end(shown, text.size() / 2).size();
}

constexpr std::array<Target, 8> readers{read_request, read_answer,   read_query,       read_target,
                                        read_json,    look_for_text, look_for_pattern, print};

std::string repeat(std::string_view part, std::size_t bytes) {
    std::string text;
    while (!part.empty() && text.size() < bytes) {
        text += part;
    }
    return text;
}

double seconds_of(Target reader, std::string_view text) {
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    const double begin = now();
    reader(text);
    return now() - begin;
}

// Other work of the machine makes some runs slow, and none fast: the fastest of several counts.
bool is_dear(Target reader, std::string_view small, std::string_view large) {
    constexpr double worth_a_look = 5e-3; // as long as one message may hold the thread
    constexpr int most_looks = 50;
    constexpr double most_ratio = 8; // 4 where it is linear, 16 where it is quadratic
    double least_small = 1e9;
    double least_large = 1e9;
    for (int i = 0; i < most_looks; i++) {
        least_large = std::min(least_large, seconds_of(reader, large));
        if (least_large < worth_a_look) {
            return false;
        }
        least_small = std::min(least_small, seconds_of(reader, small));
        if (least_large < most_ratio * least_small) {
            return false;
        }
    }
    return true;
}

} // namespace
} // namespace gangway::fuzz

GANGWAY_FUZZ_TARGET(cost) {
    using namespace gangway::fuzz;
    Input input(bytes);
    const Target reader = readers[input.byte() % readers.size()];
    const std::string_view first = input.until('\0');
    const std::string_view second = input.until('\0');
    const std::string_view third = input.until('\0');
    const std::string_view fourth = input.until('\0');
    const auto text_of = [&](std::size_t size) {
        std::string text(first);
        text += repeat(second, size / 2);
        text += third;
        text += repeat(fourth, size / 2);
        text += input.rest();
        return text;
    };
    constexpr std::size_t small = 7'000;
    // Under what a head may have, which is refused at once.
    require(!is_dear(reader, text_of(small), text_of(4 * small)),
            "four times the text costs no more than about four times as much");
}
