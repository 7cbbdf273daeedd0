#include "gangway/commands/request/series_summary.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace gangway::command {

namespace {

struct NamedLatency {
    const char* name;
    double LatencySummary::*value;
};

constexpr std::array<NamedLatency, 7> latencies{{{"min", &LatencySummary::min_ms},
                                                 {"mean", &LatencySummary::mean_ms},
                                                 {"p50", &LatencySummary::p50_ms},
                                                 {"p90", &LatencySummary::p90_ms},
                                                 {"p95", &LatencySummary::p95_ms},
                                                 {"p99", &LatencySummary::p99_ms},
                                                 {"max", &LatencySummary::max_ms}}};

double requests_per_second(const SeriesSummary& summary) {
    const double seconds = summary.duration.count();
    return seconds > 0 ? static_cast<double>(summary.statistics.requests()) / seconds : 0;
}

std::string line(const std::string& key, const std::string& value) {
    constexpr std::size_t key_columns = 10;
    return key + std::string(key_columns - std::min(key.size(), key_columns), ' ') + "  " + value +
           "\n";
}

std::string requests_value(const SeriesSummary& summary) {
    const std::uint64_t made = summary.statistics.requests();
    return std::to_string(made) +
           (made < summary.planned ? " of " + std::to_string(summary.planned) : "") + " in " +
           fixed_decimal(summary.duration.count(), 2) + " s, " +
           fixed_decimal(requests_per_second(summary), 1) + "/s, " +
           std::to_string(summary.concurrency) + " at once";
}

std::string failed_value(const RequestStatistics& statistics) {
    std::string text = std::to_string(statistics.failed());
    const char* separator = ": ";
    for (const auto& [failure, count] : statistics.failures()) {
        text += separator + failure + " " + std::to_string(count);
        separator = ", ";
    }
    return text;
}

std::string key_text(unsigned key) {
    return std::to_string(key);
}

const std::string& key_text(const std::string& key) {
    return key;
}

// "200: 2, 503: 1"
template <typename Key>
std::string counts_value(const std::map<Key, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [key, count] : counts) {
        text += (text.empty() ? "" : ", ") + key_text(key) + ": " + std::to_string(count);
    }
    return text.empty() ? "none" : text;
}

std::string latency_value(const RequestStatistics& statistics) {
    const auto latency = statistics.latency();
    if (!latency) {
        return "no request succeeded";
    }
    std::string text;
    for (const NamedLatency& each : latencies) {
        text += (text.empty() ? "" : "  ") + std::string(each.name) + " " +
                fixed_decimal((*latency).*each.value, 2);
    }
    return text + " ms";
}

} // namespace

std::string summary_text(const SeriesSummary& summary) {
    const RequestStatistics& statistics = summary.statistics;
    return line("requests", requests_value(summary)) + line("failed", failed_value(statistics)) +
           line("status", counts_value(statistics.statuses())) +
           line("route", counts_value(statistics.routes())) +
           line("latency", latency_value(statistics)) +
           line("bytes", human_bytes(statistics.sent_bytes()) + " sent, " +
                             human_bytes(statistics.received_bytes()) + " received");
}

std::string summary_json(const SeriesSummary& summary) {
    const RequestStatistics& statistics = summary.statistics;
    Json::Value document;
    document["planned"] = Json::UInt64{summary.planned};
    document["requests"] = Json::UInt64{statistics.requests()};
    document["failed"] = Json::UInt64{statistics.failed()};
    document["concurrency"] = Json::UInt64{summary.concurrency};
    document["seconds"] = summary.duration.count();
    document["requests_per_second"] = requests_per_second(summary);
    document["failures"] = Json::Value(Json::objectValue);
    for (const auto& [failure, count] : statistics.failures()) {
        document["failures"][failure] = Json::UInt64{count};
    }
    document["statuses"] = Json::Value(Json::objectValue);
    for (const auto& [status, count] : statistics.statuses()) {
        document["statuses"][std::to_string(status)] = Json::UInt64{count};
    }
    document["routes"] = Json::Value(Json::objectValue);
    for (const auto& [route, count] : statistics.routes()) {
        document["routes"][route] = Json::UInt64{count};
    }
    document["latency_ms"] = Json::Value();
    if (const auto latency = statistics.latency()) {
        for (const NamedLatency& each : latencies) {
            document["latency_ms"][each.name] = (*latency).*each.value;
        }
    }
    document["bytes"]["sent"] = Json::UInt64{statistics.sent_bytes()};
    document["bytes"]["received"] = Json::UInt64{statistics.received_bytes()};
    return json_document(document);
}

} // namespace gangway::command
