// What is configured about the continuous checks of a group: the key "health" of the configuration
// (docs/configuration.md).
//
// Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <boost/system/result.hpp>
#include <json/value.h>

#include "check/check.hpp"
#include "watch/ejection.hpp"
#include "watch/standing.hpp"

namespace gangway::watch {

struct Plan {
    std::string group; // its name; "*": every one that no other plan names
    check::Check check;
    std::chrono::milliseconds interval{10'000};
    unsigned jitter_percent = 10;
    Thresholds thresholds;
    std::chrono::milliseconds slow_start{0};
    EjectionPolicy ejection;
    std::chrono::milliseconds kill_after{30'000}; // of an ejected process that stays; 0: never

    bool may_kill() const {
        return ejection.enabled && !ejection.dry_run && kill_after.count() > 0;
    }
};

// The plans, or all that is wrong with them: then one at least.
boost::system::result<std::vector<Plan>, std::vector<check::KeyComplaint>>
parse_plans(const Json::Value& value);

// The plan for a group; null: it is not checked.
const Plan* find_plan(const std::vector<Plan>& plans, std::string_view group);

} // namespace gangway::watch
