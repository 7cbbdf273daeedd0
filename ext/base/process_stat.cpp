#include "base/process_stat.hpp"

#include <fstream>
#include <sstream>
#include <string>

namespace gangway {

std::optional<ProcessStat> read_process_stat(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat, '\0'); // The name may hold anything, a line's end too.
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    // The fields from the third on: the state, and 18 others before the start time.
    std::istringstream fields(stat.substr(name_end + 1));
    ProcessStat result{};
    fields >> result.state;
    std::string skipped;
    for (unsigned i = 0; i < 18; i++) {
        fields >> skipped;
    }
    fields >> result.start_time;
    return fields ? std::optional(result) : std::nullopt;
}

bool is_alive(std::int64_t pid) {
    const auto stat = read_process_stat(pid);
    return stat && !stat->has_ended();
}

} // namespace gangway
