#include "admin/health_request.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "admin/target.hpp"
#include "health/json.hpp"

namespace gangway::admin {

namespace {

using pool::view;
using Value = Json::Value;
using MaybeProblem = std::optional<Problem>;

Problem bad_body(std::string detail) {
    return {Code::bad_body, std::move(detail) + "."};
}

// A parameter's name, and the key of a check that it stands for.
struct Parameter {
    std::string_view name;
    std::string_view key;
    bool is_number;
    bool of_expect;
};

constexpr Parameter parameters[] = {
    {"path", "path", false, false},
    {"method", "method", false, false},
    {"route", "route", false, false},
    {"timeout", "timeout_seconds", true, false},
    {"wait", "wait_seconds", true, false},
    {"busy_limit", "busy_limit_seconds", true, false},
    {"status", "status", false, true},
    {"body", "body", false, true},
    {"regex", "regex", false, true},
    {"json_pointer", "json_pointer", false, true},
    {"json_value", "json_value", false, true},
};

// Text that is JSON is what it says, anything else a text.
Value json_or_text(const std::string& text) {
    return health::parse_json(text).value_or(Value(text));
}

Value value_of(const Parameter& parameter, const std::string& text) {
    if (parameter.is_number || parameter.key == "json_value") {
        return json_or_text(text);
    }
    return Value(text);
}

Problem bad_parameter(std::string detail) {
    return {Code::bad_parameter, std::move(detail)};
}

// The same object that POST /v1/health would have.
std::variant<Value, Problem> object_of(std::string_view query) {
    const auto pairs = parse_query(query);
    if (!pairs) {
        return bad_parameter("The query is not percent-encoded correctly.");
    }
    Value object(Json::objectValue);
    std::set<std::string_view> seen;
    for (const auto& pair : *pairs) {
        const std::string& name = pair.first;
        const auto* parameter =
            std::find_if(std::begin(parameters), std::end(parameters),
                         [&](const Parameter& known) { return known.name == name; });
        if (parameter == std::end(parameters)) {
            return bad_parameter("'" + name + "' is not a parameter of this endpoint.");
        }
        if (!seen.insert(name).second) {
            return bad_parameter("'" + name + "' is given twice.");
        }
        Value& place = parameter->of_expect ? object["expect"] : object;
        place[std::string(parameter->key)] = value_of(*parameter, pair.second);
    }
    return object;
}

// In the words of the query: "expect.status" is its parameter status.
std::string parameter_of(std::string_view key) {
    const std::string_view last = key.substr(key.rfind('.') + 1);
    for (const Parameter& parameter : parameters) {
        if (parameter.key == last) {
            return std::string(parameter.name);
        }
    }
    return std::string(last);
}

bool wants(const std::set<std::string>& ids, const gangway_process& process) {
    return ids.contains(std::to_string(process.pid)) ||
           ids.contains(std::string(view(process.gupid)));
}

MaybeProblem set_ids(const Value& value, std::set<std::string>& ids) {
    if (!value.isArray() || value.empty()) {
        return bad_body("\"processes\" must be an array of pids or gupids, of one at least");
    }
    for (const Value& id : value) {
        if (!id.isString() && !id.isUInt()) {
            return bad_body("\"processes\" has something that is no pid and no gupid: " +
                            health::print(id));
        }
        ids.insert(id.asString());
    }
    return std::nullopt;
}

// Which processes are meant, and how they are gone through.
struct Scope {
    std::optional<std::string> group;
    std::set<std::string> ids; // empty: all
};

MaybeProblem set_key(const std::string& key, const Value& value, Scope& scope, RoundOrder& order) {
    if (key == "group") {
        if (!value.isString()) {
            return bad_body("\"group\" must be the name of a group");
        }
        scope.group = value.asString();
        return std::nullopt;
    }
    if (key == "processes") {
        return set_ids(value, scope.ids);
    }
    if (key == "concurrency") {
        if (!value.isUInt() || value.asUInt() < 1 || value.asUInt() > most_checks_at_once) {
            return bad_body("\"concurrency\" must be a whole number from 1 to 256");
        }
        order.concurrency = value.asUInt();
        return std::nullopt;
    }
    if (key == "deadline_seconds") {
        constexpr unsigned hour = 3600;
        auto parsed = health::parse_seconds(value, false, hour);
        if (const auto* complaint = std::get_if<health::Complaint>(&parsed)) {
            return bad_body("\"deadline_seconds\" " + complaint->text);
        }
        order.deadline = std::get<std::chrono::milliseconds>(parsed);
        return std::nullopt;
    }
    if (!health::is_check_key(key)) {
        return bad_body("\"" + key + "\" is no key of a health check; docs/health.md lists them");
    }
    const auto complaint = health::set_check_key(order.check, key, value);
    return complaint ? MaybeProblem(bad_body(complaint->line())) : std::nullopt;
}

MaybeProblem choose(const Scope& scope, const Access& access, const pool::Snapshot& snapshot,
                    RoundOrder& order) {
    bool group_found = false;
    std::set<std::string> missing = scope.ids;
    for (const gangway_group& group : snapshot.groups()) {
        if (!access.sees(group) || (scope.group && view(group.name) != *scope.group)) {
            continue;
        }
        group_found = true;
        for (const gangway_process& process : snapshot.processes(group)) {
            const bool all = scope.ids.empty() && process.enabled != GANGWAY_PROCESS_DETACHED;
            if (all || wants(scope.ids, process)) {
                missing.erase(std::to_string(process.pid));
                missing.erase(std::string(view(process.gupid)));
                order.subjects.push_back(
                    {process.pid, std::string(view(process.gupid)), std::string(view(group.name))});
            }
        }
    }
    if (scope.group && !group_found) {
        return Problem{Code::group_not_found,
                       "There is no such group; GET /v1/groups lists those that you may see."};
    }
    return missing.empty() ? std::nullopt : MaybeProblem(process_not_found());
}

} // namespace

std::variant<health::Check, Problem> parse_check(std::string_view query) {
    auto object = object_of(query);
    if (auto* problem = std::get_if<Problem>(&object)) {
        return std::move(*problem);
    }
    health::Check check;
    const auto& value = std::get<Value>(object);
    std::optional<health::KeyComplaint> complaint;
    for (const std::string& key : value.getMemberNames()) {
        complaint = health::set_check_key(check, key, value[key]);
        if (complaint) {
            break;
        }
    }
    if (!complaint) {
        complaint = health::examine(check);
    }
    if (complaint) {
        return bad_parameter("'" + parameter_of(complaint->key) + "' " + complaint->text + ".");
    }
    return check;
}

std::variant<RoundOrder, Problem> parse_round(std::string_view body, const Access& access,
                                              const pool::Snapshot& snapshot) {
    RoundOrder order;
    Scope scope;
    Value object(Json::objectValue);
    if (!body.empty()) {
        auto parsed = health::parse_json(body);
        if (!parsed || !parsed->isObject()) {
            return bad_body("The body must be a JSON object");
        }
        object = std::move(*parsed);
    }
    for (const std::string& key : object.getMemberNames()) {
        if (auto problem = set_key(key, object[key], scope, order)) {
            return std::move(*problem);
        }
    }
    if (const auto complaint = health::examine(order.check)) {
        return bad_body(complaint->line());
    }
    if (scope.group && !scope.ids.empty()) {
        return bad_body("\"group\" and \"processes\" exclude each other");
    }
    if (auto problem = choose(scope, access, snapshot, order)) {
        return std::move(*problem);
    }
    return order;
}

} // namespace gangway::admin
