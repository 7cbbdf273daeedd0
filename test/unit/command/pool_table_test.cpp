#include "gangway/view/pool_table.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gangway/base/json_text.hpp"
#include "gangway/base/rfc3339.hpp"

namespace gangway::command {
namespace {

PoolDocuments some_pool() {
    PoolDocuments documents;
    documents.processes = *parse_json(R"({"processes":[
        {"pid":28840,"gupid":"a","group":"shop","state":"enabled","sessions":3,"processed":245,
         "busy_since":"2026-11-25T11:40:49Z","os_state":"sleeping","cpu_percent":0,
         "real_memory_bytes":203423744,"uptime_seconds":2102,"health":null,
         "requests":[{"method":"GET","path":"/hang\u001b","via":"visitor","client":"203.0.113.9",
                      "started_at":"2026-11-25T11:40:49Z"}]},
        {"pid":99,"gupid":"b","group":"blog","state":"disabled","sessions":0,"processed":1,
         "busy_since":null,"os_state":"sleeping","cpu_percent":null,"real_memory_bytes":null,
         "uptime_seconds":3,"health":{"state":"healthy"},"requests":[]},
        {"pid":28926,"gupid":"c","group":"shop","state":"enabled","sessions":0,"processed":0,
         "busy_since":null,"os_state":"stopped","cpu_percent":12,"real_memory_bytes":3145728,
         "uptime_seconds":40,"health":{"state":"unhealthy"},"requests":[]}]})");
    documents.groups = *parse_json(R"({"groups":[
        {"name":"shop","enabled_process_count":2,"disabling_process_count":0,
         "disabled_process_count":0,"detached_process_count":0,"processes_being_spawned":1,
         "get_wait_list_size":3,"spawn_error":{"message":"boom\nboom","since":"2026-11-25T11:40:49Z",
         "latest":"2026-11-25T11:50:00Z","attempts":2}},
        {"name":"blog","enabled_process_count":0,"disabling_process_count":0,
         "disabled_process_count":1,"detached_process_count":0,"processes_being_spawned":0,
         "get_wait_list_size":0,"spawn_error":null}]})");
    documents.pool = *parse_json(R"({"max":6,"capacity_used":4})");
    documents.queued = *parse_json(R"({"requests":[
        {"group":"blog","age_seconds":7.0},{"group":"shop","age_seconds":3.0},
        {"group":"shop","age_seconds":1.0}]})");
    return documents;
}

Around noon_around() {
    return {parse_rfc3339("2026-11-25T12:00:00Z"), {{"a", 12.34}}};
}

PoolTableOptions options(const std::vector<std::string>& columns) {
    PoolTableOptions options;
    for (const std::string& column : columns) {
        options.columns.push_back(*find_process_column(column));
    }
    return options;
}

const std::vector<std::string> usual{"pid",   "state", "health", "sess", "busy", "done",
                                     "req/s", "cpu",   "mem",    "up",   "now"};

TEST(PoolTable, ShowsEachGroupBelowALineAboutIt) {
    EXPECT_EQ(
        pool_table(some_pool(), options(usual), noon_around(), {}),
        "shop   2 of 2 workers, 1 sick   queue 3 (oldest 3.0s)   pool 4/6\n"
        "no other can be started since 2026-11-25T11:40:49Z: boom?boom\n"
        "  PID  STATE     HEALTH     SESS    BUSY  DONE  REQ/S  CPU   MEM     UP  NOW\n"
        "28840  enabled   -             3  19m11s   245     12   0%  194M  35m2s  GET "
        "/hang? +2\n"
        "28926  STOPPED   unhealthy     0       -     0    0.0  12%  3.0M    40s  (kill -CONT "
        "28926)\n"
        "    -  spawning  -             -       -     -      -    -     -      -  -\n"
        "\n"
        "blog   0 of 1 worker   queue 0   pool 4/6\n"
        "  PID  STATE     HEALTH     SESS    BUSY  DONE  REQ/S  CPU   MEM     UP  NOW\n"
        "   99  disabled  healthy       0       -     1    0.3    -     -   3.0s  -\n");
}

TEST(PoolTable, SortsWithinAGroup) {
    PoolTableOptions sorted = options({"pid"});
    sorted.with_headings = false;
    sorted.with_spawning = false;
    for (const auto& [column, descending, expected] :
         std::vector<std::tuple<std::string, bool, std::string>>{
             {"mem", false, "28926\n28840\n   99\n"},
             {"mem", true, "28840\n28926\n   99\n"},
             {"state", false, "28926\n28840\n   99\n"},
             {"busy", true, "28840\n28926\n   99\n"},
             {"cpu_percent", true, "28926\n28840\n   99\n"}}) {
        sorted.sorted_by = find_process_column(column);
        sorted.descending = descending;
        EXPECT_EQ(pool_table(some_pool(), sorted, noon_around(), {}), expected)
            << column << descending;
    }
}

TEST(PoolTable, ShowsAnyFieldWithoutBlanksForProgramsToRead) {
    PoolTableOptions fields = options({"gupid", "real_memory_bytes", "uptime_seconds"});
    fields.with_headings = false;
    fields.with_spawning = false;
    EXPECT_EQ(pool_table(some_pool(), fields, noon_around(), {}), "a  194M  35m2s\n"
                                                                  "c  3.0M    40s\n"
                                                                  "b     -   3.0s\n");
    EXPECT_FALSE(find_process_column("no_such_field"));
    EXPECT_EQ(find_process_column("rss_bytes")->column.title, "RSS_BYTES");
}

TEST(PoolTable, ShowsWhatThereIsOfAnAgentThatTellsLess) {
    PoolDocuments documents;
    documents.processes =
        *parse_json(R"({"processes":[{"pid":7,"group":"shop","requests":[null,7]}]})");
    EXPECT_EQ(pool_table(documents, options(usual), {}, {}),
              "shop\n"
              "PID  STATE  HEALTH  SESS  BUSY  DONE  REQ/S  CPU  MEM  UP  NOW\n"
              "  7  -      -          -     -     -      -    -    -   -  -\n");
    EXPECT_EQ(pool_table({}, options({"pid"}), {}, {}), "PID\n");
}

} // namespace
} // namespace gangway::command
