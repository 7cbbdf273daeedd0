// The columns that rows of processes can be shown in: those that 'gangway ps' has names for, and
// every field of a row (docs/api.md).
//
// A value has no blank inside, so that awk and sort -h understand it; but for NOW, and for text
// that the agent has from elsewhere.
#pragma once

#include "gangway/view/table.hpp"

#include <json/value.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gangway::command {

// What a row does not say by itself.
struct Around {
    // When the rows were.
    std::optional<std::chrono::system_clock::time_point> taken_at;
    // Requests a second, by gupid; of a process that is not here, it is the average of its life.
    std::map<std::string, double, std::less<>> rates{};
    // Bytes of memory an hour, by gupid, of those that were looked at for long enough.
    std::map<std::string, double, std::less<>> growths{};
};

using SortKey = std::variant<double, std::string>;

struct ProcessColumn {
    std::string name; // as the command line has it
    Column column;
    std::function<Cell(const Json::Value& row, const Around& around)> cell;
    std::function<SortKey(const Json::Value& row, const Around& around)> key;
};

// What 'gangway ps' shows unless it is told otherwise.
inline constexpr std::string_view usual_columns =
    "pid,state,health,sess,busy,done,req/s,cpu,mem,up,now";

// Nothing where there is none of that name.
[[nodiscard]] std::optional<ProcessColumn> find_process_column(std::string_view name);
// Their names, for a person.
[[nodiscard]] std::string process_column_names();

// A process that does not answer, whatever its visitors see: "STOPPED", "TRACED", "DEAD"; else
// empty.
[[nodiscard]] std::string_view os_trouble(const Json::Value& row);
// That it is stopped or dead, or that its health checks say so.
[[nodiscard]] bool is_sick(const Json::Value& row);

// Sorts them by that column, backwards where it is asked for.
void sort_processes(std::vector<const Json::Value*>& rows, const ProcessColumn& column,
                    bool descending, const Around& around);

} // namespace gangway::command
