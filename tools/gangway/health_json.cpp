#include "health_json.hpp"

#include "json_text.hpp"

namespace gangway::command {

namespace {

constexpr unsigned fraction_digits = 6; // microseconds, as the agent has them

} // namespace

std::string health_document(const HealthReport& report) {
    Json::Value document;
    document["summary"] = report.summary.json;
    document["results"] = Json::Value(Json::arrayValue);
    for (const HealthResult& result : report.results) {
        document["results"].append(result.json);
    }
    return json_document(document, fraction_digits);
}

std::string health_lines(const HealthReport& report) {
    std::string lines;
    const auto add = [&lines](const char* name, const Json::Value& value) {
        Json::Value line;
        line[name] = value;
        lines += json_line(line, fraction_digits) + "\n";
    };
    for (const HealthResult& result : report.results) {
        add("result", result.json);
    }
    add("summary", report.summary.json);
    return lines;
}

} // namespace gangway::command
