#include "gangway/commands/health/json.hpp"

namespace gangway::command {

std::string health_document(const HealthReport& report) {
    std::string document = "{\"summary\":" + report.summary.json + ",\"results\":[";
    std::string_view before;
    for (const HealthResult& result : report.results) {
        document.append(before).append(result.json);
        before = ",";
    }
    return document += "]}\n";
}

std::string health_lines(const HealthReport& report) {
    std::string lines;
    const auto add = [&lines](std::string_view name, const std::string& value) {
        lines.append("{\"").append(name).append("\":").append(value).append("}\n");
    };
    for (const HealthResult& result : report.results) {
        add("result", result.json);
    }
    add("summary", report.summary.json);
    return lines;
}

} // namespace gangway::command
