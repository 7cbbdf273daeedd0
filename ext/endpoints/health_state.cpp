#include "endpoints/health_state.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "admin/target.hpp"
#include "endpoints/health_writer.hpp"
#include "text/json_writer.hpp"

namespace gangway::endpoints {

namespace {

using watch::WatchedGroup;
using watch::WatchedProcess;

struct Options {
    std::optional<std::string> group;
    unsigned minimum = 1;
};

Problem bad_parameter(std::string detail) {
    return {Code::bad_parameter, std::move(detail)};
}

std::variant<Options, Problem> parse(std::string_view query, bool takes_minimum) {
    const auto parameters = admin::parse_query(query);
    if (!parameters) {
        return bad_parameter("The query is not percent-encoded correctly.");
    }
    Options options;
    bool minimum_given = false;
    for (const auto& [name, value] : *parameters) {
        const bool is_minimum = takes_minimum && name == "minimum";
        if (name != "group" && !is_minimum) {
            return bad_parameter("'" + name + "' is not a parameter of this endpoint.");
        }
        if (is_minimum ? minimum_given : options.group.has_value()) {
            return bad_parameter("'" + name + "' is given twice.");
        }
        if (!is_minimum) {
            options.group = value;
            continue;
        }
        minimum_given = true;
        const char* const end = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), end, options.minimum);
        if (parsed.ec != std::errc() || parsed.ptr != end || options.minimum == 0) {
            return bad_parameter("'minimum' must be a whole number above 0.");
        }
    }
    return options;
}

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
        json.key("reason");
        check.reason == check::Reason::none ? json.null() : json.string(word(check.reason));
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

} // namespace

HealthListing::HealthListing(std::optional<std::string> group, const admin::Access& access,
                             const watch::Watch& watch, const watch::Census& census,
                             std::uint64_t now_usec)
    : group_(std::move(group)), access_(&access), watch_(&watch), census_(&census) {
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

std::variant<HealthListing, Problem>
begin_health_listing(std::string_view query, const admin::Access& access, const watch::Watch& watch,
                     const watch::Census& census, std::uint64_t now_usec) {
    auto parsed = parse(query, false);
    if (auto* problem = std::get_if<Problem>(&parsed)) {
        return std::move(*problem);
    }
    return HealthListing(std::move(std::get<Options>(parsed).group), access, watch, census,
                         now_usec);
}

std::variant<Liveness, Problem> look_alive(std::string_view query, const admin::Access& access,
                                           const watch::Watch& watch, const watch::Census& census) {
    auto parsed = parse(query, true);
    if (auto* problem = std::get_if<Problem>(&parsed)) {
        return std::move(*problem);
    }
    const auto& options = std::get<Options>(parsed);
    if (!options.group) {
        return bad_parameter("'group' must say which group is meant.");
    }
    const WatchedGroup* group = watch.find(*options.group);
    if (group == nullptr || !sees(access, census, *options.group)) {
        return Problem{Code::health_not_configured,
                       "No health check is configured for such a group, or it has not begun; see "
                       "\"health\" in docs/configuration.md."};
    }
    const watch::GroupHealth counts = group->health();
    const bool live = counts.healthy >= options.minimum;
    JsonWriter json;
    json.begin_object();
    json.member("group", *options.group);
    json.member("live", live);
    json.member("healthy", counts.healthy);
    json.member("minimum", options.minimum);
    json.member("total", counts.total);
    json.end_object();
    return Liveness{live, json.take()};
}

} // namespace gangway::endpoints
