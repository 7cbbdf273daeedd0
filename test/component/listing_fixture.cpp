#include "listing_fixture.h"

#include <sstream>

namespace gangway::test {

namespace {

std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

} // namespace

std::vector<std::string> process_fields() {
    return words(
        "pid gupid group state life_status enabled concurrency sessions processed busyness "
        "busy_since requests os_state routes sticky_session_id spawner_creation_time "
        "spawn_start_time spawn_end_time last_used "
        "uptime_seconds idle_seconds code_revision cpu_percent rss_bytes pss_bytes "
        "private_dirty_bytes swap_bytes real_memory_bytes vmsize_bytes process_group_id command "
        "sockets health");
}

std::vector<std::string> group_fields() {
    return words("name app_root app_type environment uuid life_status user uid user_group gid "
                 "enabled_process_count disabling_process_count disabled_process_count "
                 "detached_process_count processes_being_spawned spawning restarting spawn_error "
                 "capacity_used get_wait_list_size disable_wait_list_size sessions");
}

std::vector<int> pids(const Json::Value& document) {
    std::vector<int> found;
    for (const Json::Value& row : document["processes"]) {
        found.push_back(row["pid"].asInt());
    }
    return found;
}

} // namespace gangway::test
