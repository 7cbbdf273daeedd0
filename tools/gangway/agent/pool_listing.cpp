#include "gangway/agent/pool_listing.hpp"

#include "gangway/agent/admin_document.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/base/rfc3339.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace gangway::command {

namespace {

Json::Value rows_of(const Asking& asking, const std::string& target, const char* name) {
    AdminDocument document = get_admin_document(asking.endpoint, asking.credentials, target, {},
                                                asking.observer, asking.longest);
    Json::Value rows = json_member(document.value, name);
    if (!rows.isArray()) {
        throw Failure(ExitCode::bad_answer, std::string("the answer has no list of ") + name);
    }
    return rows;
}

// How many bytes must be changed, left out or put in to make one of the other (Levenshtein).
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < other.size(); ++j) {
            const std::size_t changed = diagonal + (one[i] == other[j] ? 0U : 1U);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

// A part of it, as without its environment or its path, or with a slip of the pen.
bool may_be_meant(std::string_view name, std::string_view group) {
    constexpr std::size_t longest = 256; // to compare takes the product of both
    if (name.empty() || group.empty() || name.size() > longest || group.size() > longest) {
        return false;
    }
    return group.find(name) != std::string_view::npos ||
           name.find(group) != std::string_view::npos ||
           distance(name, group) <= std::max<std::size_t>(2, name.size() / 5);
}

constexpr std::size_t most_shown = 10;

std::string listed(const std::vector<std::string>& names) {
    std::string lines;
    for (std::size_t i = 0; i < std::min(names.size(), most_shown); ++i) {
        lines += "\n  " + names[i];
    }
    if (names.size() > most_shown) {
        lines += "\n  and " + std::to_string(names.size() - most_shown) + " more ('gangway ps')";
    }
    return lines;
}

std::string cannot_start(const Json::Value& group, const Json::Value& error) {
    return "no process of " + json_text(json_member(group, "name")) + " can be started since " +
           json_text(json_member(error, "since")) + ": " + json_text(json_member(error, "message"));
}

} // namespace

std::vector<ListedProcess> list_processes(const Asking& asking) {
    std::vector<ListedProcess> processes;
    for (const Json::Value& row :
         rows_of(asking, "/v1/processes?fields=pid,gupid,group", "processes")) {
        processes.push_back({json_text(json_member(row, "pid")),
                             json_text(json_member(row, "gupid")),
                             json_text(json_member(row, "group"))});
    }
    return processes;
}

std::vector<ListedGroup> list_groups(const Asking& asking) {
    std::vector<ListedGroup> groups;
    for (const Json::Value& row : rows_of(asking, "/v1/groups", "groups")) {
        const Json::Value& queue = json_member(row, "get_wait_list_size");
        ListedGroup group{json_text(json_member(row, "name")),
                          queue.isUInt64() ? std::optional(queue.asUInt64()) : std::nullopt};
        const Json::Value& error = json_member(row, "spawn_error");
        if (error.isObject()) {
            group.cannot_start = cannot_start(row, error);
            group.failed_at = parse_rfc3339(json_text(json_member(error, "latest")));
        }
        groups.push_back(std::move(group));
    }
    return groups;
}

ProblemFailure no_such_group(const std::string& name, std::vector<ListedGroup> groups) {
    std::sort(groups.begin(), groups.end(), [](const ListedGroup& left, const ListedGroup& right) {
        return left.name < right.name;
    });
    std::vector<std::string> names;
    std::string meant;
    Json::Value problem;
    problem["code"] = "group_not_found";
    problem["groups"] = Json::Value(Json::arrayValue);
    for (const ListedGroup& group : groups) {
        names.push_back(printable(group.name));
        problem["groups"].append(json_string(group.name));
        if (may_be_meant(name, group.name) && meant.empty()) {
            meant = " Did you mean '" + names.back() + "'?";
        }
    }
    return {ExitCode::bad_answer,
            "group_not_found: There is no group '" + printable(name) + "'" +
                (names.empty() ? ", and none at all that you may see."
                               : "." + meant + " There are:" + listed(names)),
            std::move(problem)};
}

} // namespace gangway::command
