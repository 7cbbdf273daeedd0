// The command line of `gangway health`, and what it asks of POST /v1/health (docs/api.md). Pure but
// for the declaration of the options.
#pragma once

#include "gangway/commands/health/thresholds.hpp"

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace gangway::command {

// What is empty or 0 or has no value is not sent: the agent's default holds.
struct HealthOptions {
    std::vector<std::string> arguments; // IDs; one that begins with '/' is the path
    std::optional<std::string> group;
    bool all = false;
    std::optional<std::string> path; // --path
    std::string method;
    std::vector<std::string> headers;
    std::string route;
    std::optional<double> timeout_seconds;
    std::optional<double> wait_seconds;
    std::optional<double> busy_limit_seconds;
    std::optional<double> deadline_seconds; // of all checks together
    std::uint64_t concurrency = 0;
    // What the answer must be.
    std::optional<std::string> status;
    std::optional<std::string> body;
    std::optional<std::string> regex;
    std::optional<std::string> json_pointer;
    std::optional<std::string> json_value;
    // What is shown.
    std::optional<double> watch_seconds; // again and again, with so much time in between
    bool nagios = false;
    std::vector<std::string> warning; // LABEL=RANGE
    std::vector<std::string> critical;
};

// Declares the options; the values are complete after parsing and collect_repeated_options().
void declare_health_options(CLI::App& command, HealthOptions& options);

// Takes -H, -w and -c over from the parsed command.
void collect_repeated_options(const CLI::App& command, HealthOptions& options);

// What cannot be said together, in a sentence; nothing when all goes together. `json`: --json.
[[nodiscard]] std::optional<std::string> fault_of_health_options(const HealthOptions& options,
                                                                 bool json);

// The processes that are named, in their order and each once. Throws Failure(usage) for what is no
// ID.
[[nodiscard]] std::vector<std::string> process_ids(const HealthOptions& options);

// With what -w and -c say. Throws Failure(usage) for what is none of a label and its range.
[[nodiscard]] Thresholds thresholds_of(const HealthOptions& options);

// What the agent would refuse of the check in the body of POST /v1/health, by its own rules but in
// the words of the command line; nothing where it is good.
[[nodiscard]] std::optional<std::string> fault_of_check(const Json::Value& body);

// The body of POST /v1/health, about these of the processes. Throws Failure(usage) for what is no
// path or header.
[[nodiscard]] Json::Value health_body(const HealthOptions& options,
                                      const std::vector<std::string>& ids);

// JSON where it is JSON, else a string: 200, true, "ok" and ok without quotes.
[[nodiscard]] Json::Value json_or_string(const std::string& text);

} // namespace gangway::command
