#include "gangway/view/pool_table.hpp"

#include "gangway/base/human_units.hpp"
#include "gangway/base/json_text.hpp"
#include "gangway/base/printable.hpp"
#include "gangway/view/table.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

namespace gangway::command {

namespace {

constexpr const char* gap = "   ";

std::uint64_t count_of(const Json::Value& value, const char* field) {
    const Json::Value& count = json_member(value, field);
    return count.isUInt64() ? count.asUInt64() : 0;
}

std::string oldest_queued(const Json::Value& queued, const std::string& group) {
    for (const Json::Value& row : json_member(queued, "requests")) { // oldest first
        const Json::Value& age = json_member(row, "age_seconds");
        if (json_text(json_member(row, "group")) == group && age.isNumeric()) {
            return " (oldest " + column_duration(age.asDouble()) + ")";
        }
    }
    return "";
}

std::string within(const Terminal& terminal, const std::string& line) {
    return terminal.columns > 0 ? shorten_end(line, terminal.columns) : line;
}

Json::Value spawning_row(const std::string& group) {
    Json::Value row(Json::objectValue);
    row["group"] = json_string(group);
    row["state"] = "spawning";
    return row;
}

} // namespace

std::vector<PoolPart> pool_parts(const PoolDocuments& documents, const std::string& only) {
    std::vector<PoolPart> parts;
    std::map<std::string, std::size_t> places;
    const auto part_of = [&](const std::string& name) -> PoolPart& {
        const auto [place, is_new] = places.emplace(name, parts.size());
        return is_new ? parts.emplace_back(PoolPart{name}) : parts[place->second];
    };
    for (const Json::Value& group : json_member(documents.groups, "groups")) {
        const std::string name = json_text(json_member(group, "name"));
        if (only.empty() || name == only) {
            part_of(name).group = &group;
        }
    }
    for (const Json::Value& row : json_member(documents.processes, "processes")) {
        if (!row.isObject()) {
            continue;
        }
        part_of(json_text(json_member(row, "group"))).rows.push_back(&row);
    }
    return parts;
}

std::string part_heading(const PoolPart& part, const PoolDocuments& documents) {
    std::string text = printable(part.name);
    const auto sick = std::count_if(part.rows.begin(), part.rows.end(),
                                    [](const Json::Value* row) { return is_sick(*row); });
    if (part.group != nullptr) {
        const std::uint64_t enabled = count_of(*part.group, "enabled_process_count");
        const std::uint64_t all = enabled + count_of(*part.group, "disabling_process_count") +
                                  count_of(*part.group, "disabled_process_count") +
                                  count_of(*part.group, "detached_process_count");
        text += gap + std::to_string(enabled) + " of " + std::to_string(all) +
                (all == 1 ? " worker" : " workers");
    }
    if (sick > 0) {
        text += ", " + std::to_string(sick) + " sick";
    }
    if (part.group != nullptr) {
        const std::uint64_t queue = count_of(*part.group, "get_wait_list_size");
        text += gap + ("queue " + std::to_string(queue)) +
                (queue > 0 ? oldest_queued(documents.queued, part.name) : "");
    }
    if (documents.pool.isObject()) {
        text += gap +
                ("pool " + printable(json_text(json_member(documents.pool, "capacity_used")))) +
                "/" + printable(json_text(json_member(documents.pool, "max")));
    }
    return text;
}

std::string part_spawn_error(const PoolPart& part) {
    const Json::Value& error = part.group == nullptr ? Json::Value::nullSingleton()
                                                     : json_member(*part.group, "spawn_error");
    if (!error.isObject()) {
        return "";
    }
    return "no other can be started since " + printable(json_text(json_member(error, "since"))) +
           ": " + printable(json_text(json_member(error, "message")));
}

std::string pool_table(const PoolDocuments& documents, const PoolTableOptions& options,
                       const Around& around, const Terminal& terminal) {
    std::vector<Column> columns;
    for (const ProcessColumn& column : options.columns) {
        columns.push_back(column.column);
    }
    Table table(std::move(columns), options.with_headings);
    std::deque<Json::Value> made; // rows that the agent has none for
    for (PoolPart& part : pool_parts(documents, options.group)) {
        if (options.sorted_by) {
            sort_processes(part.rows, *options.sorted_by, options.descending, around);
        }
        const std::uint64_t spawning =
            options.with_spawning && part.group != nullptr
                ? std::min<std::uint64_t>(count_of(*part.group, "processes_being_spawned"), 1000)
                : 0;
        for (std::uint64_t i = 0; i < spawning; ++i) {
            part.rows.push_back(&made.emplace_back(spawning_row(part.name)));
        }
        if (options.with_headings) {
            const std::string error = part_spawn_error(part);
            table.begin_part(within(terminal, part_heading(part, documents)) +
                             (error.empty() ? "" : "\n" + within(terminal, error)));
        }
        for (const Json::Value* row : part.rows) {
            std::vector<Cell> cells;
            for (const ProcessColumn& column : options.columns) {
                cells.push_back(column.cell(*row, around));
            }
            table.add_row(std::move(cells));
        }
    }
    return table.render(terminal);
}

} // namespace gangway::command
