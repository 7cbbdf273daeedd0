#include "gangway/commands/health/options.hpp"

#include "gangway/agent/own_words.hpp"
#include "gangway/base/exit_code.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/request_arguments.hpp"
#include "gangway/client/header_argument.hpp"

#include "check/check.hpp"
#include "message/fields.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gangway::command {

namespace {

void require(const std::optional<std::string>& fault) {
    if (fault) {
        throw Failure(ExitCode::usage, *fault);
    }
}

bool is_path(const std::string& argument) {
    return argument.starts_with('/');
}

std::vector<std::string> paths_of(const HealthOptions& options) {
    std::vector<std::string> paths;
    std::copy_if(options.arguments.begin(), options.arguments.end(), std::back_inserter(paths),
                 is_path);
    if (options.path) {
        paths.push_back(*options.path);
    }
    return paths;
}

bool has_ids(const HealthOptions& options) {
    return !std::all_of(options.arguments.begin(), options.arguments.end(), is_path);
}

std::optional<std::string> fault_of_aim(const HealthOptions& options) {
    if (has_ids(options) && (options.group || options.all)) {
        return "the IDs name the processes already: leave them out, or --group and --all";
    }
    if (options.group && options.all) {
        return "--group is about some processes and --all about every one: leave out one of them";
    }
    if (!has_ids(options) && !options.group && !options.all) {
        return "say which processes to check: by their IDs, --group NAME or --all (see 'gangway "
               "ps')";
    }
    const std::vector<std::string> paths = paths_of(options);
    if (paths.size() > 1) {
        return "'" + printable(paths[0]) + "' and '" + printable(paths[1]) +
               "' are two paths: each process is asked for one";
    }
    return std::nullopt;
}

std::optional<std::string> fault_of_expectation(const HealthOptions& options) {
    if (options.json_value && !options.json_pointer) {
        return "--json-value says what must be there, and --json-pointer where in the answer: give "
               "that, too";
    }
    if (options.method == "HEAD" && (options.body || options.regex || options.json_pointer)) {
        return "the answer to HEAD has no body to look into: leave out --method HEAD, or --body, "
               "--regex and --json-pointer";
    }
    return std::nullopt;
}

std::optional<std::string> fault_of_view(const HealthOptions& options, bool json) {
    if (options.nagios && (json || options.watch_seconds)) {
        return "--nagios prints one line for a monitoring system and ends: leave out --json and "
               "--watch";
    }
    if (!options.nagios && (!options.warning.empty() || !options.critical.empty())) {
        return "--warning and --critical are for monitoring systems: add --nagios";
    }
    return std::nullopt;
}

Json::Value headers_of(const HealthOptions& options) {
    Json::Value headers(Json::objectValue);
    for (const std::string& argument : options.headers) {
        const auto parsed = parse_header_argument(argument);
        if (!parsed) {
            throw Failure(ExitCode::usage, parsed.error().text);
        }
        const HeaderArgument& header = *parsed;
        if (header.action == HeaderArgument::Action::remove) {
            throw Failure(ExitCode::usage, "header '" + header.name + "' has no value; '" +
                                               header.name + ";' sends it with an empty one");
        }
        for (const std::string& name : headers.getMemberNames()) {
            if (message::same_token(name, header.name)) {
                throw Failure(ExitCode::usage,
                              "header '" + header.name + "' is given twice: a check sends it once");
            }
        }
        headers[header.name] = header.value;
    }
    return headers;
}

void put_text(Json::Value& object, const char* name, const std::optional<std::string>& text) {
    if (text) {
        object[name] = *text;
    }
}

void put_text(Json::Value& object, const char* name, const std::string& text) {
    if (!text.empty()) {
        object[name] = text;
    }
}

void put_seconds(Json::Value& object, const char* name, const std::optional<double>& seconds) {
    if (seconds) {
        object[name] = *seconds;
    }
}

Json::Value expectation_of(const HealthOptions& options) {
    Json::Value expectation(Json::objectValue);
    put_text(expectation, "status", options.status);
    put_text(expectation, "body", options.body);
    put_text(expectation, "regex", options.regex);
    put_text(expectation, "json_pointer", options.json_pointer);
    if (options.json_value) {
        expectation["json_value"] = json_or_string(*options.json_value);
    }
    return expectation;
}

void put_aim(Json::Value& body, const HealthOptions& options, const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
        body["processes"].append(id);
    }
    put_text(body, "group", options.group);
    for (const std::string& path : paths_of(options)) {
        require(fault_of_path(path));
        body["path"] = path;
    }
}

} // namespace

std::optional<std::string> fault_of_health_options(const HealthOptions& options, bool json) {
    for (auto& fault :
         {fault_of_aim(options), fault_of_expectation(options), fault_of_view(options, json)}) {
        if (fault) {
            return fault;
        }
    }
    return std::nullopt;
}

std::vector<std::string> process_ids(const HealthOptions& options) {
    std::vector<std::string> ids;
    for (const std::string& argument : options.arguments) {
        if (is_path(argument)) {
            continue;
        }
        require(fault_of_process_id(argument));
        if (std::find(ids.begin(), ids.end(), argument) == ids.end()) {
            ids.push_back(argument);
        }
    }
    return ids;
}

Thresholds thresholds_of(const HealthOptions& options) {
    Thresholds thresholds;
    for (const auto& [name, level, arguments] :
         {std::tuple("--warning: ", Thresholds::Level::warning, &options.warning),
          std::tuple("--critical: ", Thresholds::Level::critical, &options.critical)}) {
        for (const std::string& argument : *arguments) {
            if (const auto fault = thresholds.set(level, argument)) {
                throw Failure(ExitCode::usage, name + *fault);
            }
        }
    }
    return thresholds;
}

Json::Value health_body(const HealthOptions& options, const std::vector<std::string>& ids) {
    Json::Value body(Json::objectValue);
    put_aim(body, options, ids);
    put_text(body, "method", options.method);
    put_text(body, "route", options.route);
    put_seconds(body, "timeout_seconds", options.timeout_seconds);
    put_seconds(body, "wait_seconds", options.wait_seconds);
    put_seconds(body, "busy_limit_seconds", options.busy_limit_seconds);
    put_seconds(body, "deadline_seconds", options.deadline_seconds);
    if (options.concurrency > 0) {
        body["concurrency"] = Json::UInt64{options.concurrency};
    }
    if (Json::Value headers = headers_of(options); !headers.empty()) {
        body["headers"] = std::move(headers);
    }
    if (Json::Value expectation = expectation_of(options); !expectation.empty()) {
        body["expect"] = std::move(expectation);
    }
    return body;
}

std::optional<std::string> fault_of_check(const Json::Value& body) {
    check::Check check;
    for (const std::string& key : body.getMemberNames()) {
        if (!check::is_check_key(key)) {
            continue;
        }
        const auto complaints = check::set_check_key(check, key, body[key]);
        if (!complaints.empty()) {
            return printable(in_own_words(complaints.front().line()));
        }
    }
    const auto complaint = check::examine(check);
    return complaint ? std::optional(printable(in_own_words(complaint->line()))) : std::nullopt;
}

Json::Value json_or_string(const std::string& text) {
    // The strict reader takes only objects and arrays for documents.
    auto parsed = parse_json("[" + text + "]");
    return parsed && parsed->size() == 1 ? (*parsed)[0] : Json::Value(text);
}

} // namespace gangway::command
