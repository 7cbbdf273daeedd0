#include "endpoints/health_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string>

#include "check/json.hpp"

namespace gangway::endpoints {

namespace {

using pool::view;
using Value = Json::Value;
using MaybeProblem = std::optional<Problem>;

Problem bad_body(std::string detail) {
    return {Code::bad_body, std::move(detail) + "."};
}

using admin::ParameterType;

// Text that is JSON is what it says, anything else a text.
Value json_or_text(std::string_view text) {
    return check::parse_json(text).value_or(Value(std::string(text)));
}

bool is_of_expect(std::string_view name) {
    constexpr std::array<std::string_view, 5> names{"status", "body", "regex", "json_pointer",
                                                    "json_value"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

// The same object that POST /v1/health would have.
Value object_of(const admin::Arguments& arguments) {
    Value object(Json::objectValue);
    for (const admin::Parameter& parameter : check_parameters) {
        const auto value = arguments.find(parameter.name);
        if (!value) {
            continue;
        }
        std::string key(parameter.name);
        key += parameter.type == ParameterType::seconds ? "_seconds" : "";
        Value& place = is_of_expect(parameter.name) ? object["expect"] : object;
        place[key] = parameter.type == ParameterType::text ? Value(std::string(*value))
                                                           : json_or_text(*value);
    }
    return object;
}

// In the words of the query: "expect.status" is its parameter status, "wait_seconds" wait.
std::string parameter_of(std::string_view key) {
    constexpr std::string_view unit = "_seconds";
    key.remove_prefix(key.rfind('.') + 1);
    key.remove_suffix(key.ends_with(unit) ? unit.size() : 0);
    return std::string(key);
}

// The ids that no process has had so far. They point into the scope.
using Missing = std::set<std::string_view>;

// A process by its pid or its gupid.
bool wants(const Scope& scope, const gangway_process& process, Missing& missing) {
    if (scope.ids.empty()) {
        return process.enabled != GANGWAY_PROCESS_DETACHED;
    }
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), process.pid).ptr;
    bool wanted = false;
    for (const std::string_view name :
         {std::string_view(digits.data(), end), view(process.gupid)}) {
        wanted = scope.ids.contains(name) || wanted;
        missing.erase(name);
    }
    return wanted;
}

MaybeProblem set_ids(const Value& value, std::set<std::string, std::less<>>& ids) {
    if (!value.isArray() || value.empty()) {
        return bad_body("\"processes\" must be an array of pids or gupids, of one at least");
    }
    for (const Value& id : value) {
        if (!id.isString() && !id.isUInt()) {
            return bad_body("\"processes\" has something that is no pid and no gupid: " +
                            check::print(id));
        }
        ids.insert(id.asString());
    }
    return std::nullopt;
}

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
        const auto parsed = check::parse_seconds(value, false, hour);
        if (!parsed) {
            return bad_body("\"deadline_seconds\" " + parsed.error().text);
        }
        order.deadline = *parsed;
        return std::nullopt;
    }
    if (!check::is_check_key(key)) {
        return bad_body("\"" + key + "\" is no key of a health check; docs/health.md lists them");
    }
    const auto complaints = check::set_check_key(order.check, key, value);
    return complaints.empty() ? std::nullopt : MaybeProblem(bad_body(complaints.front().line()));
}

} // namespace

Result<check::Check> parse_check(const admin::Arguments& arguments) {
    check::Check check;
    const Value object = object_of(arguments);
    std::optional<check::KeyComplaint> complaint;
    for (const std::string& key : object.getMemberNames()) {
        auto complaints = check::set_check_key(check, key, object[key]);
        if (!complaints.empty()) {
            complaint = std::move(complaints.front());
            break;
        }
    }
    if (!complaint) {
        complaint = check::examine(check);
    }
    if (complaint) {
        return Problem{Code::bad_parameter,
                       "'" + parameter_of(complaint->key) + "' " + complaint->text + "."};
    }
    return check;
}

Result<RoundRequest> parse_round(std::string_view body) {
    RoundRequest request;
    Value object(Json::objectValue);
    if (!body.empty()) {
        auto parsed = check::parse_json(body);
        if (!parsed || !parsed->isObject()) {
            return bad_body("The body must be a JSON object, of at most " +
                            std::to_string(check::max_json_values) + " values, nested " +
                            std::to_string(check::max_json_depth) + " times at most");
        }
        object = std::move(*parsed);
    }
    for (const std::string& key : object.getMemberNames()) {
        if (auto problem = set_key(key, object[key], request.scope, request.order)) {
            return std::move(*problem);
        }
    }
    if (const auto complaint = check::examine(request.order.check)) {
        return bad_body(complaint->line());
    }
    if (request.scope.group && !request.scope.ids.empty()) {
        return bad_body("\"group\" and \"processes\" exclude each other");
    }
    return request;
}

Result<RoundOrder> choose(RoundRequest request, const admin::Access& access,
                          const pool::Snapshot& snapshot) {
    const Scope& scope = request.scope;
    RoundOrder& order = request.order;
    bool group_found = false;
    Missing missing(scope.ids.begin(), scope.ids.end());
    for (const gangway_group& group : snapshot.groups()) {
        if (scope.group && view(group.name) != *scope.group) {
            continue;
        }
        group_found = group_found || access.sees(group);
        for (const gangway_process& process : snapshot.processes(group)) {
            if (!access.sees(group, process)) {
                continue;
            }
            group_found = true;
            if (wants(scope, process, missing)) {
                order.subjects.push_back(
                    {process.pid, std::string(view(process.gupid)), std::string(view(group.name))});
            }
        }
    }
    if (scope.group && !group_found) {
        return Problem{Code::group_not_found,
                       "There is no such group; GET /v1/groups lists those that you may see."};
    }
    if (!missing.empty()) {
        return process_not_found();
    }
    return std::move(order);
}

} // namespace gangway::endpoints
