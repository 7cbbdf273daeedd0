// What every connection works with.
#pragma once

#include <string_view>
#include <vector>

#include <sys/types.h>

#include "admin/admission.hpp"
#include "admin/authorization.hpp"
#include "admin/statistics.hpp"
#include "config/config.hpp"
#include "forward/in_flight.hpp"
#include "health/events.hpp"
#include "health/monitor.hpp"
#include "module/clock_steps.hpp"
#include "module/log.hpp"
#include "pool/pool.hpp"

namespace gangway::admin {

// Lives as long as the server; used on its thread only.
struct Context {
    pool::Pool& pool;
    const config::Config& config;
    const std::vector<Account>& accounts;
    const Log& log;
    std::string_view passenger_version;
    uid_t agent_uid;
    Admission admission;
    forward::InFlight in_flight;
    Statistics statistics;
    ClockSteps& clock_steps;
    health::Events& events;
    health::Monitor& monitor;
    unsigned checks_at_once = 0; // lanes that rounds of checks hold now
    bool draining = false;
};

} // namespace gangway::admin
