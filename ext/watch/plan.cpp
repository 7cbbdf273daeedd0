#include "watch/plan.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace gangway::watch {

namespace {

using Value = Json::Value;
using MaybeComplaint = std::optional<check::KeyComplaint>;
using Setter = std::function<MaybeComplaint(Plan&, const std::string&, const Value&)>;

constexpr unsigned day = 86400;

// place(plan): what is set.
template <typename Place>
Setter seconds(Place place, bool zero_allowed, unsigned highest) {
    return [=](Plan& plan, const std::string& key, const Value& value) -> MaybeComplaint {
        auto parsed = check::parse_seconds(value, zero_allowed, highest);
        if (auto* complaint = std::get_if<check::Complaint>(&parsed)) {
            return check::KeyComplaint{key, std::move(complaint->text)};
        }
        place(plan) = std::get<std::chrono::milliseconds>(parsed);
        return std::nullopt;
    };
}

template <typename Place>
Setter whole_number(Place place, unsigned lowest, unsigned highest) {
    return [=](Plan& plan, const std::string& key, const Value& value) -> MaybeComplaint {
        if (!value.isUInt() || value.isBool() || value.asUInt() < lowest ||
            value.asUInt() > highest) {
            return check::KeyComplaint{key, "must be a whole number from " +
                                                std::to_string(lowest) + " to " +
                                                std::to_string(highest)};
        }
        place(plan) = value.asUInt();
        return std::nullopt;
    };
}

MaybeComplaint set_group(Plan& plan, const std::string& key, const Value& value) {
    if (!value.isString() || value.asString().empty()) {
        return check::KeyComplaint{key, R"(must be the name of a group, or "*")"};
    }
    plan.group = value.asString();
    return std::nullopt;
}

MaybeComplaint set_on_unhealthy(Plan& plan, const std::string& key, const Value& value) {
    const std::string text = value.isString() ? value.asString() : "";
    if (text != "none" && text != "detach") {
        return check::KeyComplaint{key, R"(must be "none" or "detach")"};
    }
    plan.ejection.enabled = text == "detach";
    return std::nullopt;
}

MaybeComplaint set_dry_run(Plan& plan, const std::string& key, const Value& value) {
    if (!value.isBool()) {
        return check::KeyComplaint{key, "must be true or false"};
    }
    plan.ejection.dry_run = value.asBool();
    return std::nullopt;
}

const std::map<std::string, Setter, std::less<>>& keys() {
    constexpr unsigned hundred = 100;
    constexpr unsigned many = 65536;
    static const std::map<std::string, Setter, std::less<>> table{
        {"group", set_group},
        {"interval_seconds", seconds(
                                 [](Plan & p) -> auto& { return p.interval; }, false, day)},
        {"jitter_percent", whole_number(
                               [](Plan & p) -> auto& { return p.jitter_percent; }, 0, hundred)},
        {"rise", whole_number(
                     [](Plan & p) -> auto& { return p.thresholds.rise; }, 1, hundred)},
        {"fall", whole_number(
                     [](Plan & p) -> auto& { return p.thresholds.fall; }, 1, hundred)},
        {"slow_start_seconds", seconds(
                                   [](Plan & p) -> auto& { return p.slow_start; }, true, day)},
        {"on_unhealthy", set_on_unhealthy},
        {"dry_run", set_dry_run},
        {"kill_after_seconds", seconds(
                                   [](Plan & p) -> auto& { return p.kill_after; }, true, day)},
        {"max_ejection_percent",
         whole_number(
             [](Plan & p) -> auto& { return p.ejection.max_percent; }, 1, hundred)},
        {"min_healthy", whole_number(
                            [](Plan & p) -> auto& { return p.ejection.min_healthy; }, 0, many)},
        {"cool_down_seconds",
         seconds(
             [](Plan & p) -> auto& { return p.ejection.cool_down; }, true, day)},
    };
    return table;
}

// What suits a check that nobody waits for.
Plan defaults() {
    Plan plan;
    plan.check.timeout = std::chrono::seconds(2);
    plan.check.wait = std::chrono::milliseconds(0);
    plan.check.busy_limit = std::chrono::seconds(60);
    return plan;
}

MaybeComplaint parse_plan(const Value& value, const std::string& where, Plan& plan) {
    if (!value.isObject()) {
        return check::KeyComplaint{where, "must be an object"};
    }
    for (const std::string& key : value.getMemberNames()) {
        std::string full_key = where;
        full_key.append(".").append(key);
        const auto setter = keys().find(key);
        MaybeComplaint complaint;
        if (setter != keys().end()) {
            complaint = setter->second(plan, full_key, value[key]);
        } else if (check::is_check_key(key)) {
            complaint = check::set_check_key(plan.check, key, value[key]);
            if (complaint) {
                complaint->key = where + "." + complaint->key;
            }
        } else {
            complaint =
                check::KeyComplaint{full_key, "is unknown; docs/configuration.md lists all keys"};
        }
        if (complaint) {
            return complaint;
        }
    }
    if (plan.group.empty()) {
        return check::KeyComplaint{where + ".group",
                                   R"(must be given: the name of a group, or "*")"};
    }
    if (plan.ejection.enabled && plan.check.route == check::Route::direct) {
        return check::KeyComplaint{
            where + ".on_unhealthy",
            R"(is "detach", but no verdict over the route "direct" ejects a )"
            R"(process: use "auto" or "pool")"};
    }
    MaybeComplaint complaint = examine(plan.check);
    if (complaint) {
        complaint->key = where + "." + complaint->key;
    }
    return complaint;
}

} // namespace

std::variant<std::vector<Plan>, check::KeyComplaint> parse_plans(const Value& value) {
    if (!value.isArray()) {
        return check::KeyComplaint{"health", "must be an array of objects, one for a group"};
    }
    std::vector<Plan> plans;
    std::set<std::string> groups;
    for (const Value& entry : value) {
        const std::string where = "health[" + std::to_string(plans.size()) + "]";
        plans.push_back(defaults());
        if (auto complaint = parse_plan(entry, where, plans.back())) {
            return std::move(*complaint);
        }
        if (!groups.insert(plans.back().group).second) {
            return check::KeyComplaint{where + ".group", "names a group that an entry before has"};
        }
    }
    return plans;
}

const Plan* find_plan(const std::vector<Plan>& plans, std::string_view group) {
    const Plan* result = nullptr;
    for (const Plan& plan : plans) {
        if (plan.group == group) {
            return &plan;
        }
        if (plan.group == "*") {
            result = &plan;
        }
    }
    return result;
}

} // namespace gangway::watch
