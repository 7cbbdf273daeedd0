#include "watch/plan.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace gangway::watch {

namespace {

using Value = Json::Value;
using Complaints = std::vector<check::KeyComplaint>;
using MaybeComplaint = std::optional<check::KeyComplaint>;
using Setter = std::function<MaybeComplaint(Plan&, const std::string&, const Value&)>;

constexpr unsigned day = 86400;

// place(plan): what is set.
template <typename Place>
Setter seconds(Place place, bool zero_allowed, unsigned highest) {
    return [=](Plan& plan, const std::string& key, const Value& value) -> MaybeComplaint {
        const auto parsed = check::parse_seconds(value, zero_allowed, highest);
        if (!parsed) {
            return check::KeyComplaint{key, parsed.error().text};
        }
        place(plan) = *parsed;
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

// All that is wrong with one key.
Complaints set_key(Plan& plan, const std::string& key, const std::string& where,
                   const Value& value) {
    const std::string full_key = where + "." + key;
    const auto setter = keys().find(key);
    if (setter != keys().end()) {
        auto complaint = setter->second(plan, full_key, value);
        return complaint ? Complaints{std::move(*complaint)} : Complaints();
    }
    if (!check::is_check_key(key)) {
        return {check::KeyComplaint{full_key, "is unknown; docs/configuration.md lists all keys"}};
    }
    Complaints complaints = check::set_check_key(plan.check, key, value);
    for (check::KeyComplaint& complaint : complaints) {
        complaint.key.insert(0, where + ".");
    }
    return complaints;
}

// What no key shows by itself.
void examine_plan(const Plan& plan, const Value& value, const std::string& where,
                  Complaints& complaints) {
    if (!value.isMember("group")) {
        complaints.push_back({where + ".group", R"(must be given: the name of a group, or "*")"});
    }
    if (plan.ejection.enabled && plan.check.route == check::Route::direct) {
        complaints.push_back({where + ".on_unhealthy",
                              R"(is "detach", but no verdict over the route "direct" ejects a )"
                              R"(process: use "auto" or "pool")"});
    }
    if (auto complaint = examine(plan.check)) {
        complaints.push_back({where + "." + complaint->key, std::move(complaint->text)});
    }
}

void parse_plan(const Value& value, const std::string& where, Plan& plan, Complaints& complaints) {
    if (!value.isObject()) {
        complaints.push_back({where, "must be an object"});
        return;
    }
    for (const std::string& key : value.getMemberNames()) {
        for (check::KeyComplaint& complaint : set_key(plan, key, where, value[key])) {
            complaints.push_back(std::move(complaint));
        }
    }
    examine_plan(plan, value, where, complaints);
}

} // namespace

boost::system::result<std::vector<Plan>, Complaints> parse_plans(const Value& value) {
    if (!value.isArray()) {
        return Complaints{{"health", "must be an array of objects, one for a group"}};
    }
    std::vector<Plan> plans;
    Complaints complaints;
    std::set<std::string> groups;
    for (const Value& entry : value) {
        const std::string where = "health[" + std::to_string(plans.size()) + "]";
        plans.push_back(defaults());
        const Plan& plan = plans.back();
        parse_plan(entry, where, plans.back(), complaints);
        if (!plan.group.empty() && !groups.insert(plan.group).second) {
            complaints.push_back({where + ".group", "names a group that an entry before has"});
        }
    }
    if (!complaints.empty()) {
        return complaints;
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
