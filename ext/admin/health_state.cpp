#include "admin/health_state.hpp"

#include <charconv>
#include <optional>

#include "admin/health_writer.hpp"
#include "admin/json_writer.hpp"
#include "admin/target.hpp"

namespace gangway::admin {

namespace {

using health::WatchedGroup;
using health::WatchedProcess;

struct Options {
    std::optional<std::string> group;
    unsigned minimum = 1;
};

Problem bad_parameter(std::string detail) {
    return {Code::bad_parameter, std::move(detail)};
}

std::variant<Options, Problem> parse(std::string_view query, bool takes_minimum) {
    const auto parameters = parse_query(query);
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

bool sees(const Access& access, const health::Census& census, std::string_view group) {
    const auto facts = census.groups().find(group);
    return facts != census.groups().end() && access.sees(facts->second);
}

void write_history(JsonWriter& json, const health::Track& track) {
    json.begin_array();
    for (const health::PastCheck& check : track.history()) {
        json.begin_object();
        json.member("state", word(check.verdict));
        json.key("reason");
        check.reason == health::Reason::none ? json.null() : json.string(word(check.reason));
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
    const health::Track& track = process.track;
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
    const health::GroupHealth counts = group.health();
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

Document list_health(std::string_view query, const Access& access, const health::Watch& watch,
                     const health::Census& census, std::uint64_t now_usec) {
    auto parsed = parse(query, false);
    if (auto* problem = std::get_if<Problem>(&parsed)) {
        return std::move(*problem);
    }
    const auto& options = std::get<Options>(parsed);
    const auto wanted = [&](const std::string& name) {
        return (!options.group || name == *options.group) && sees(access, census, name);
    };
    JsonWriter json;
    json.begin_object();
    json.key("taken_at");
    json.time(now_usec);
    json.key("groups");
    json.begin_array();
    for (const auto& [name, group] : watch.groups()) {
        if (wanted(name)) {
            write_watched(json, name, group);
        }
    }
    json.end_array();
    json.key("processes");
    json.begin_array();
    for (const auto& [name, group] : watch.groups()) {
        if (wanted(name)) {
            for (const auto& [gupid, process] : group.processes) {
                write_watched(json, process);
            }
        }
    }
    json.end_array();
    json.end_object();
    return json.take();
}

std::variant<Liveness, Problem> look_alive(std::string_view query, const Access& access,
                                           const health::Watch& watch,
                                           const health::Census& census) {
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
    const health::GroupHealth counts = group->health();
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

} // namespace gangway::admin
