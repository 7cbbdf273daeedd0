#include "gangway/view/profile_table.hpp"

#include <string>

#include <gtest/gtest.h>

#include "gangway/base/json_text.hpp"

namespace gangway::command {
namespace {

Json::Value some_profile() {
    return *parse_json(R"({"seconds":30.0,"requests":16,"worker_seconds":41.5,"queued_seconds":12.1,
        "lost":2,"beyond_limit":3,"routes":[
        {"group":"shop","method":"GET","route":"/orders/:n","share":0.873,"requests":14,"refused":0,
         "worker_seconds":36.2,"mean_seconds":2.585,"longest_seconds":30.0,"queued_seconds":12.1,
         "workers":[{"pid":7,"gupid":"a","requests":4,"worker_seconds":30.0},
                    {"pid":8,"gupid":"b","requests":10,"worker_seconds":6.2}]},
        {"group":"b;log\u001b","method":null,"route":"other","share":0.1266,"requests":2,"refused":1,
         "worker_seconds":0.000002,"mean_seconds":0.0042,"longest_seconds":0.25,"queued_seconds":0.0,
         "workers":[{"pid":9,"gupid":"c","requests":2,"worker_seconds":0.000002},
                    {"pid":10,"gupid":"d","requests":0,"worker_seconds":0.0}]}]})");
}

TEST(ProfileTable, ShowsWhatHeldTheWorkersLongestFirst) {
    EXPECT_EQ(profile_table(some_profile(), {}),
              "SHARE  BUSY  REQUESTS   MEAN  LONGEST  QUEUED  REFUSED  METHOD  ROUTE       GROUP\n"
              "87.3%   36s        14   2.6s      30s     12s        0  GET     /orders/:n  shop\n"
              "12.7%  0.0s         2  4.2ms    250ms   0.0ms        1  -       other       b;log?\n"
              "16 requests in 30s: workers were at them for 41s, 1.4 at a time; they waited in the "
              "queue for 12s\n"
              "and 3 routes more (--limit)\n"
              "2 requests were not counted: there were too many at once\n");
}

TEST(ProfileTable, HasNoGroupWhereThereIsOne) {
    Json::Value document = some_profile();
    document["routes"].resize(1);
    EXPECT_EQ(profile_table(document, {}).find("GROUP"), std::string::npos);
    EXPECT_EQ(
        profile_table(*parse_json(R"({"seconds":1.0,"requests":0,"routes":[]})"), {}),
        "0 requests in 1.0s: workers were at them for 0.0s, 0.0 at a time; they waited in the "
        "queue for 0.0s\n");
}

TEST(FoldedProfile, IsALineAWorkerAndRoute) {
    EXPECT_EQ(folded_profile(some_profile()), "shop;worker 7;GET /orders/:n 30000000\n"
                                              "shop;worker 8;GET /orders/:n 6200000\n"
                                              "b,log?;worker 9;other 2\n");
}

} // namespace
} // namespace gangway::command
