#include "endpoints/profile.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "admin/call.hpp"
#include "base/guard.hpp"
#include "base/wall_clock.hpp"
#include "endpoints/listing.hpp"
#include "endpoints/parts.hpp"
#include "endpoints/processes.hpp"
#include "endpoints/profile_rows.hpp"
#include "text/number.hpp"
#include "visits/collector.hpp"
#include "visits/early_requests.hpp"

namespace gangway::endpoints {

namespace {

using Clock = std::chrono::steady_clock;
using visits::RouteRule;
using visits::Tally;

constexpr unsigned rows_unless_given = 100;
constexpr std::chrono::seconds usual_time{10};
constexpr double longest_time = 600;
// For those that began before visits were noted.
constexpr std::chrono::seconds between_looks{1};

constexpr admin::Parameter limit_parameter{
    "limit", admin::ParameterType::count,
    "so many routes at most, those that held workers longest; 100 unless given"};
constexpr admin::Parameter profile_parameters[] = {
    {"seconds", admin::ParameterType::seconds, "for how long; 10 unless given, 600 at most"},
    {"process", admin::ParameterType::text, "only that process, by its pid or gupid"},
    {"group", admin::ParameterType::text, "only that group"},
    {"routes", admin::ParameterType::text,
     "patterns of routes, separated by commas, ahead of those that are configured"},
    limit_parameter,
};
constexpr admin::Parameter routes_parameters[] = {limit_parameter};

struct Order {
    Clock::duration time = usual_time;
    Tally::Only only{};
    std::vector<std::string> patterns{};
};

// "a,b" parted; what is wrong with one of them.
Result<std::vector<std::string>> parse_patterns(std::string_view list) {
    std::vector<std::string> patterns;
    for (bool is_last = false; !is_last;) {
        const std::size_t comma = list.find(',');
        const std::string_view pattern = list.substr(0, comma);
        if (const std::string_view fault = visits::fault_of_pattern(pattern); !fault.empty()) {
            return Problem{Code::bad_parameter, "routes: " + std::string(fault) + "."};
        }
        patterns.emplace_back(pattern);
        is_last = comma == std::string_view::npos;
        list.remove_prefix(is_last ? list.size() : comma + 1);
    }
    if (patterns.size() > RouteRule::most_patterns) {
        return Problem{Code::bad_parameter, "There may be 100 routes at most."};
    }
    return patterns;
}

Result<Order> understand(const admin::Call& call, const pool::Snapshot& snapshot) {
    Order order;
    if (const auto text = call.arguments.find("seconds")) {
        const double time = *parse_decimal(*text);
        if (time <= 0 || time > longest_time) {
            return Problem{Code::bad_parameter, "seconds must be above 0, and 600 at most."};
        }
        order.time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(time));
    }
    if (const auto group = call.arguments.find("group")) {
        order.only.group = *group;
    }
    if (const auto gupid = call.access.only_process()) {
        order.only.gupid = *gupid;
    }
    if (const auto id = call.arguments.find("process")) {
        const gangway_process* process = find_process(*id, snapshot);
        if (process == nullptr || !call.access.sees(snapshot.group(*process), *process)) {
            return process_not_found();
        }
        order.only.gupid = pool::view(process->gupid);
    }
    if (const auto list = call.arguments.find("routes")) {
        auto patterns = parse_patterns(*list);
        if (!patterns) {
            return patterns.error();
        }
        order.patterns = *std::move(patterns);
    }
    const auto& configured = call.context.config.routes;
    order.patterns.insert(order.patterns.end(), configured.begin(), configured.end());
    return order;
}

awaitable<bool> send_rows(admin::Call& call, const Tally& tally, const pool::Snapshot& snapshot) {
    admin::Answer answer{200, json_type};
    ProfileRows rows(tally, snapshot, call.access, usec_since_epoch(),
                     call.arguments.count("limit", rows_unless_given));
    answer.body = co_await write_all(call.stream, rows);
    co_return co_await call.answering.send(answer);
}

// Until the time is over, or the client has gone, or the agent exits.
awaitable<void> count(admin::Call& call, Tally& tally, Clock::duration time) {
    requests::Sampler& sampler = call.context.requests.sampler;
    visits::Collector::Counting counting(call.context.visits, tally);
    visits::EarlyRequests early(call.context.visits.since_usec(), tally.began_usec());
    Timer timer(call.stream.get_executor());
    bool is_over = false;
    const admin::Running::Guard running(call.running, true, [&] {
        is_over = true;
        timer.cancel();
    });
    const auto end = Clock::now() + time;
    while (!is_over && !call.context.draining) {
        if (!early.are_gone()) {
            if (const auto sample = co_await sampler.take()) {
                early.look(*sample, tally);
            }
        }
        const auto now = Clock::now();
        if (now >= end || is_over) {
            break;
        }
        timer.expires_at(early.are_gone() ? end : std::min(end, now + between_looks));
        co_await timer.async_wait(as_result);
    }
    co_await counting.finish();
}

awaitable<bool> answer_profile(admin::Call& call) {
    auto snapshot = call.take_snapshot();
    if (!snapshot) {
        const Problem problem = admin::no_snapshot();
        co_return co_await call.answering.send(problem);
    }
    auto order = understand(call, *snapshot);
    if (!order) {
        co_return co_await call.answering.send(order.error());
    }
    snapshot.reset();
    unsigned& running = call.context.profiles;
    Shares::Share share(call.context.profiles_of_user, call.user);
    if (running >= admin::most_profiles || (call.is_counted() && !share.grow(1))) {
        const Problem problem{Code::too_many_requests,
                              "There are too many profiles at once already (8 in all, 2 of one "
                              "user); try again later."};
        co_return co_await call.answering.send(problem);
    }
    running++;
    const Guard at_end([&running] { running--; });
    Tally tally(RouteRule(std::move(order->patterns)), usec_since_epoch(), std::move(order->only));
    co_await count(call, tally, order->time);
    snapshot = call.context.pool.snapshot();
    if (!snapshot) {
        const Problem problem = admin::no_snapshot();
        co_return co_await call.answering.send(problem);
    }
    co_return co_await send_rows(call, tally, *snapshot);
}

awaitable<bool> answer_routes(admin::Call& call) {
    const auto snapshot = call.take_snapshot();
    if (!snapshot) {
        const Problem problem = admin::no_snapshot();
        co_return co_await call.answering.send(problem);
    }
    const Tally* tally = call.context.tally;
    if (tally == nullptr) {
        const Problem problem{Code::not_found,
                              "Visits are not counted all the time (\"accounting\" in the "
                              "configuration); GET /v1/requests/profile counts them for a while."};
        co_return co_await call.answering.send(problem);
    }
    if (call.access.only_process()) { // Of its processes no figures of their own are kept.
        const Problem problem{Code::forbidden, "These figures are for who sees the whole group; "
                                               "GET /v1/requests/profile has some of your own."};
        co_return co_await call.answering.send(problem);
    }
    const Tally copy = *tally; // It goes on while the document is written.
    co_return co_await send_rows(call, copy, *snapshot);
}

} // namespace

constinit const admin::Endpoint profile_requests{
    .method = admin::Method::get,
    .path = "/v1/requests/profile",
    .help = "Which routes hold the workers: counts visitors' requests for a while",
    .parameters = profile_parameters,
    .answer = answer_profile};

constinit const admin::Endpoint list_routes{
    .method = admin::Method::get,
    .path = "/v1/requests/routes",
    .help = "The same since the agent was started, where \"accounting\" is configured",
    .parameters = routes_parameters,
    .answer = answer_routes};

} // namespace gangway::endpoints
