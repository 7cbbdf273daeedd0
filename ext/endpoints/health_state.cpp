#include "endpoints/health_state.hpp"

#include <optional>
#include <utility>

#include "admin/call.hpp"
#include "base/wall_clock.hpp"
#include "endpoints/health_writer.hpp"
#include "endpoints/listing.hpp"
#include "endpoints/parts.hpp"
#include "text/json_writer.hpp"

namespace gangway::endpoints {

namespace {

using watch::WatchedGroup;
using watch::WatchedProcess;

constexpr admin::Parameter list_parameters[] = {
    {"group", admin::ParameterType::text, "only that group and its processes"},
};
constexpr admin::Parameter liveness_parameters[] = {
    {.name = "group",
     .type = admin::ParameterType::text,
     .help = "the group that is meant",
     .is_required = true},
    {"minimum", admin::ParameterType::count, "so many must be healthy; 1 if not given"},
};

bool sees(const admin::Access& access, const watch::Census& census, std::string_view group) {
    const auto facts = census.groups().find(group);
    return facts != census.groups().end() && access.sees(facts->second);
}

bool sees(const admin::Access& access, const watch::Census& census, const pool::Subject& process) {
    const auto facts = census.groups().find(process.group);
    return facts != census.groups().end() && access.sees(facts->second, process.gupid);
}

void write_history(JsonWriter& json, const watch::Track& track) {
    json.begin_array();
    for (const watch::PastCheck& check : track.history()) {
        json.begin_object();
        json.member("state", word(check.verdict));
        string_or_null(json, "reason", word(check.reason));
        json.key("status");
        check.status == 0 ? json.null() : json.number(check.status);
        json.key("latency_seconds");
        write_seconds(json, check.latency);
        json.key("checked_at");
        json.time(check.checked_at_usec);
        json.end_object();
    }
    json.end_array();
}

void write_watched(JsonWriter& json, const WatchedProcess& process) {
    const watch::Track& track = process.track;
    json.begin_object();
    json.member("pid", process.subject.pid);
    json.member("gupid", process.subject.gupid);
    json.member("group", process.subject.group);
    json.member("state", word(track.standing()));
    json.key("since");
    json.time(track.since_usec());
    json.member("checks", track.checks());
    json.member("failures", track.failures());
    json.key("last");
    if (track.last()) {
        write_result(json, process.subject, *track.last());
    } else {
        json.null();
    }
    json.key("history");
    write_history(json, track);
    json.end_object();
}

void write_ejections(JsonWriter& json, const WatchedGroup& group) {
    json.begin_object();
    const std::string_view action = group.plan.ejection.enabled ? "detach" : "none";
    json.member("on_unhealthy", action);
    json.member("dry_run", group.plan.ejection.dry_run);
    json.member("done", group.ejected);
    json.member("refused", group.refused);
    json.key("last_at");
    if (group.last_ejection_usec) {
        json.time(*group.last_ejection_usec);
    } else {
        json.null();
    }
    json.end_object();
}

void write_watched(JsonWriter& json, const std::string& name, const WatchedGroup& group) {
    const watch::GroupHealth counts = group.health();
    json.begin_object();
    json.member("name", name);
    json.member("path", group.plan.check.path);
    json.key("interval_seconds");
    write_seconds(json, group.plan.interval);
    json.member("rise", group.plan.thresholds.rise);
    json.member("fall", group.plan.thresholds.fall);
    json.member("total", counts.total);
    json.member("healthy", counts.healthy);
    json.member("unhealthy", counts.unhealthy);
    json.member("unknown", counts.unknown);
    json.key("ejections");
    write_ejections(json, group);
    json.end_object();
}

awaitable<bool> answer_list(admin::Call& call) {
    const health::Monitor& monitor = call.context.monitor;
    HealthListing listing(call.arguments, call.access, monitor.watch(), monitor.census(),
                          usec_since_epoch());
    admin::Answer answer{200, json_type};
    answer.body = co_await write_all(call.stream, listing);
    co_return co_await call.answering.send(answer);
}

awaitable<bool> answer_liveness(admin::Call& call) {
    const health::Monitor& monitor = call.context.monitor;
    auto looked = look_alive(call.arguments, call.access, monitor.watch(), monitor.census());
    if (!looked) {
        co_return co_await call.answering.send(looked.error());
    }
    constexpr unsigned unavailable = 503;
    const admin::Answer answer{looked->live ? 200 : unavailable, json_type,
                               std::move(looked->document)};
    co_return co_await call.answering.send(answer);
}

} // namespace

constinit const admin::Endpoint list_health{.method = admin::Method::get,
                                            .path = "/v1/health",
                                            .help = "What continuous checks know of each process",
                                            .parameters = list_parameters,
                                            .answer = answer_list};

constinit const admin::Endpoint tell_liveness{
    .method = admin::Method::get,
    .path = "/v1/health/live",
    .help = "200 if enough processes of a group are healthy, else 503",
    .parameters = liveness_parameters,
    .answer = answer_liveness};

HealthListing::HealthListing(const admin::Arguments& arguments, const admin::Access& access,
                             const watch::Watch& watch, const watch::Census& census,
                             std::uint64_t now_usec)
    : group_(arguments.find("group")), access_(&access), watch_(&watch), census_(&census) {
    json_.begin_object();
    json_.key("taken_at");
    json_.time(now_usec);
    json_.key("groups");
    json_.begin_array();
}

// Rows left that may be written; none: it stopped in the middle. What a group's row counts is a
// look at each of its processes.
std::size_t HealthListing::write_groups(std::size_t rows) {
    const auto& groups = watch_->groups();
    auto group = at_group_ ? groups.upper_bound(*at_group_) : groups.begin();
    for (; group != groups.end(); ++group) {
        if (rows == 0) {
            return 0;
        }
        at_group_ = group->first;
        if (wants(group->first) && sees(*access_, *census_, group->first)) {
            write_watched(json_, group->first, group->second);
            rows--;
        }
    }
    json_.end_array();
    json_.key("processes");
    json_.begin_array();
    at_group_.reset();
    groups_written_ = true;
    return rows;
}

bool HealthListing::write(std::size_t rows) {
    if (whole_) {
        return false;
    }
    if (!groups_written_) {
        rows = write_groups(rows);
        if (!groups_written_) {
            return true;
        }
    }
    const auto& groups = watch_->groups();
    auto group = at_group_ ? groups.lower_bound(*at_group_) : groups.begin();
    for (; group != groups.end(); ++group) {
        if (!wants(group->first)) {
            continue;
        }
        if (group->first != at_group_) {
            at_group_ = group->first;
            at_gupid_.clear();
        }
        const auto& processes = group->second.processes;
        for (auto process = processes.upper_bound(at_gupid_); process != processes.end();
             ++process) {
            if (rows-- == 0) {
                return true;
            }
            at_gupid_ = process->first;
            if (sees(*access_, *census_, process->second.subject)) {
                write_watched(json_, process->second);
            }
        }
    }
    json_.end_array();
    json_.end_object();
    whole_ = true;
    return false;
}

Result<Liveness> look_alive(const admin::Arguments& arguments, const admin::Access& access,
                            const watch::Watch& watch, const watch::Census& census) {
    const std::string name(arguments.find("group").value_or(""));
    const unsigned minimum = arguments.count("minimum", 1);
    const WatchedGroup* group = watch.find(name);
    if (group == nullptr || !sees(access, census, name)) {
        return Problem{Code::health_not_configured,
                       "No health check is configured for such a group, or it has not begun; see "
                       "\"health\" in docs/configuration.md."};
    }
    const watch::GroupHealth counts = group->health();
    const bool live = counts.healthy >= minimum;
    JsonWriter json;
    json.begin_object();
    json.member("group", name);
    json.member("live", live);
    json.member("healthy", counts.healthy);
    json.member("minimum", minimum);
    json.member("total", counts.total);
    json.end_object();
    return Liveness{live, json.take()};
}

} // namespace gangway::endpoints
