#include "gangway/commands/health/report.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/served_requests.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace gangway::command {

namespace {

std::string text_of(const Json::Value& json, const char* name) {
    return printable(json_text(json_member(json, name)));
}

} // namespace

std::optional<HealthResult> health_result(const Json::Value& json, std::string_view source) {
    const Json::Value& state = json_member(json, "state");
    const Json::Value& pid = json_member(json, "pid");
    const Json::Value& latency = json_member(json, "latency_seconds");
    if (!state.isString() || !pid.isUInt64()) {
        return std::nullopt;
    }
    return HealthResult{.json = std::string(source),
                        .pid = text_of(json, "pid"),
                        .gupid = json_text(json_member(json, "gupid")),
                        .group = text_of(json, "group"),
                        .state = text_of(json, "state"),
                        .reason = text_of(json, "reason"),
                        .detail = text_of(json, "detail"),
                        .status = text_of(json, "status"),
                        .route = text_of(json, "route"),
                        .busy_since = text_of(json, "busy_since"),
                        .requests = served_requests(json_member(json, "requests")),
                        .latency_seconds =
                            latency.isNumeric() ? std::optional(latency.asDouble()) : std::nullopt};
}

std::optional<HealthSummary> health_summary(const Json::Value& json, std::string_view source) {
    HealthSummary summary;
    const std::array<std::pair<const char*, std::uint64_t*>, 5> counts{
        {{"total", &summary.total},
         {"healthy", &summary.healthy},
         {"unhealthy", &summary.unhealthy},
         {"busy", &summary.busy},
         {"skipped", &summary.skipped}}};
    for (const auto& [name, count] : counts) {
        const Json::Value& value = json_member(json, name);
        if (!value.isUInt64()) {
            return std::nullopt;
        }
        *count = value.asUInt64();
    }
    const Json::Value& duration = json_member(json, "duration_seconds");
    if (!duration.isNumeric()) {
        return std::nullopt;
    }
    const Json::Value& deadline_reached = json_member(json, "deadline_reached");
    summary.duration_seconds = duration.asDouble();
    summary.deadline_reached = deadline_reached.isBool() && deadline_reached.asBool();
    summary.json = source;
    return summary;
}

void sort_results(std::vector<HealthResult>& results, const std::vector<std::string>& gupids) {
    std::map<std::string_view, std::size_t> places;
    for (const std::string& gupid : gupids) {
        places.emplace(gupid, places.size());
    }
    const auto place = [&places](const HealthResult& result) {
        const auto found = places.find(result.gupid);
        return found == places.end() ? places.size() : found->second;
    };
    std::stable_sort(results.begin(), results.end(),
                     [&place](const HealthResult& left, const HealthResult& right) {
                         return place(left) < place(right);
                     });
}

void add_gone(HealthReport& report, const std::string& id) {
    const std::string detail =
        "There is no process " + printable(id) +
        " in the pool that you may reach; if it was not "
        "stopped on purpose, see why in Passenger's log ('gangway ps' lists those that there are).";
    Json::Value json;
    const bool is_pid = id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos;
    json["pid"] = is_pid ? Json::Value(Json::Int64{std::stoll(id)}) : Json::Value();
    json["gupid"] = is_pid ? Json::Value() : Json::Value(id);
    json["group"] = Json::Value();
    json["state"] = "unhealthy";
    json["reason"] = "gone";
    json["detail"] = detail;
    for (const char* name : {"status", "latency_seconds", "route", "busy_since", "checked_at"}) {
        json[name] = Json::Value();
    }
    json["body_bytes"] = 0;
    report.results.push_back({.json = json_line(json),
                              .pid = printable(id),
                              .gupid = {},
                              .group = {},
                              .state = "unhealthy",
                              .reason = "gone",
                              .detail = detail,
                              .status = {},
                              .route = {},
                              .busy_since = {},
                              .requests = {},
                              .latency_seconds = std::nullopt});
    HealthSummary& summary = report.summary;
    ++summary.total;
    ++summary.unhealthy;
    Json::Value whole = parse_json(summary.json).value_or(Json::Value());
    whole["total"] = Json::UInt64{summary.total};
    whole["healthy"] = Json::UInt64{summary.healthy};
    whole["unhealthy"] = Json::UInt64{summary.unhealthy};
    whole["busy"] = Json::UInt64{summary.busy};
    whole["skipped"] = Json::UInt64{summary.skipped};
    whole["duration_seconds"] = summary.duration_seconds;
    whole["deadline_reached"] = summary.deadline_reached;
    summary.json = json_document(whole);
    summary.json.pop_back(); // the line feed
}

std::string health_counts(const HealthSummary& summary) {
    std::string text =
        std::to_string(summary.healthy) + " of " + std::to_string(summary.total) + " healthy";
    const std::array<std::pair<const char*, std::uint64_t>, 3> others{
        {{"unhealthy", summary.unhealthy}, {"busy", summary.busy}, {"skipped", summary.skipped}}};
    for (const auto& [word, count] : others) {
        if (count > 0) {
            text += ", " + std::to_string(count) + " " + word;
        }
    }
    return text;
}

} // namespace gangway::command
