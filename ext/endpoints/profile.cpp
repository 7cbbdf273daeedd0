#include "endpoints/profile.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
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
constexpr std::size_t most_patterns = 20;
constexpr std::size_t most_rows_of_others = 1000;
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
    if (patterns.size() > most_patterns) { // Each visit is compared with each.
        return Problem{Code::bad_parameter, "There may be 20 routes at most."};
    }
    return patterns;
}

bool may_see_some(const admin::Access& access, const pool::Snapshot& snapshot,
                  const gangway_group& group) {
    const auto processes = snapshot.processes(group);
    return access.sees(group) ||
           std::any_of(processes.begin(), processes.end(),
                       [&](const gangway_process& process) { return access.sees(group, process); });
}

Result<Order> understand(const admin::Call& call, const pool::Snapshot& snapshot) {
    Order order;
    if (const auto text = call.arguments.find("seconds")) {
        const double time = *parse_decimal(*text);
        if (time <= 0 || time > longest_time) {
            return Problem{Code::bad_parameter, "seconds must be above 0, and 600 at most."};
        }
        order.time =
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(time));
    }
    const auto wanted = call.arguments.find("group");
    if (wanted || !call.access.sees_all()) { // Others' are none of his, nor may they cost him.
        order.only.groups.emplace();
        for (const gangway_group& group : snapshot.groups()) {
            const std::string_view name = pool::view(group.name);
            if ((!wanted || name == *wanted) && may_see_some(call.access, snapshot, group)) {
                order.only.groups->emplace(name);
            }
        }
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

awaitable<std::string> write_rows(admin::Call& call, const Tally& tally,
                                  const pool::Snapshot& snapshot) {
    std::size_t limit = call.arguments.count("limit", rows_unless_given);
    if (!call.access.sees_all()) { // His answer waits in our memory for as long as he reads.
        limit = std::min<std::size_t>(limit, most_rows_of_others);
    }
    ProfileRows rows(tally, snapshot, call.access, usec_since_epoch(), limit);
    co_return co_await write_all(call.stream, rows);
}

awaitable<bool> send(admin::Call& call, Result<std::string> text) {
    if (!text) {
        co_return co_await call.answering.send(text.error());
    }
    admin::Answer answer{200, json_type};
    answer.body = *std::move(text);
    co_return co_await call.answering.send(answer);
}

// Until the time is over, or the client has gone, or the agent exits.
// before: requests as they were before visits were noted; may be null.
awaitable<void> count(admin::Call& call, Tally& tally, Clock::duration time,
                      std::shared_ptr<const requests::Sample> before) {
    requests::Sampler& sampler = call.context.requests.sampler;
    bool is_over = false;
    Timer timer(call.stream.get_executor());
    const admin::Running::Guard running(call.running, true, [&] {
        is_over = true;
        timer.cancel();
    });
    visits::EarlyRequests early(call.context.visits.since_usec(), tally.began_usec());
    visits::Collector::Counting counting(call.context.visits, tally);
    if (before) {
        early.look(*before, tally);
        before.reset();
    }
    const auto end = Clock::now() + time;
    while (!is_over && !call.context.draining && Clock::now() < end) {
        timer.expires_at(early.are_gone() ? end : std::min(end, Clock::now() + between_looks));
        co_await timer.async_wait(as_result);
        if (!early.are_gone()) {
            if (const auto sample = co_await sampler.take()) {
                early.look(*sample, tally);
            }
        }
    }
    co_await counting.finish();
}

// The document; what it was made of has gone when it is sent, since a client may take its time to
// read.
awaitable<Result<std::string>> profile(admin::Call& call) {
    auto snapshot = call.take_snapshot();
    if (!snapshot) {
        co_return admin::no_snapshot();
    }
    auto order = understand(call, *snapshot);
    if (!order) {
        co_return order.error();
    }
    snapshot.reset();
    unsigned& running =
        call.access.sees_all() ? call.context.profiles : call.context.profiles_of_others;
    Shares::Share share(call.context.profiles_of_user, call.user);
    if (running >= admin::most_profiles || (call.is_counted() && !share.grow(1))) {
        co_return Problem{Code::too_many_requests,
                          "There are too many profiles at once already (8 of administrators, 8 of "
                          "all others, 2 of one user); try again later."};
    }
    running++;
    const Guard at_end([&running] { running--; });
    auto before = co_await call.context.requests.sampler.take();
    Tally tally(RouteRule(std::move(order->patterns)), usec_since_epoch(), std::move(order->only));
    co_await count(call, tally, order->time, std::move(before));
    snapshot = call.context.pool.snapshot();
    if (!snapshot) {
        co_return admin::no_snapshot();
    }
    co_return co_await write_rows(call, tally, *snapshot);
}

awaitable<bool> answer_profile(admin::Call& call) {
    auto text = co_await profile(call);
    co_return co_await send(call, std::move(text));
}

awaitable<Result<std::string>> routes(admin::Call& call) {
    const auto snapshot = call.take_snapshot();
    if (!snapshot) {
        co_return admin::no_snapshot();
    }
    const Tally* tally = call.context.tally;
    if (tally == nullptr) {
        co_return Problem{Code::not_found,
                          "Visits are not counted all the time (\"accounting\" in the "
                          "configuration); GET /v1/requests/profile counts them for a while."};
    }
    if (call.access.only_process()) { // Of its processes no figures of their own are kept.
        co_return Problem{Code::not_found, "These figures are for who sees the whole group; GET "
                                           "/v1/requests/profile has some of your own."};
    }
    co_return co_await write_rows(call, *tally, *snapshot);
}

awaitable<bool> answer_routes(admin::Call& call) {
    auto text = co_await routes(call);
    co_return co_await send(call, std::move(text));
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
