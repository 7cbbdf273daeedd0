#include "gangway/commands/health/report.hpp"

#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"

#include <algorithm>
#include <array>
#include <tuple>
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
                        .pid_number = pid.asUInt64(),
                        .group = text_of(json, "group"),
                        .state = text_of(json, "state"),
                        .reason = text_of(json, "reason"),
                        .detail = text_of(json, "detail"),
                        .status = text_of(json, "status"),
                        .route = text_of(json, "route"),
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

void sort_results(std::vector<HealthResult>& results) {
    const auto key = [](const HealthResult& result) {
        return std::tuple(std::string_view(result.group), result.pid_number);
    };
    std::stable_sort(results.begin(), results.end(),
                     [&key](const HealthResult& left, const HealthResult& right) {
                         return key(left) < key(right);
                     });
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
