// What every connection works with.
#pragma once

#include <string_view>
#include <vector>

#include <sys/types.h>

#include "admin/admission.hpp"
#include "admin/authorization.hpp"
#include "admin/refusal_lines.hpp"
#include "admin/statistics.hpp"
#include "base/clock_steps.hpp"
#include "base/descriptors.hpp"
#include "base/log.hpp"
#include "base/shares.hpp"
#include "base/turns.hpp"
#include "config/config.hpp"
#include "forward/in_flight.hpp"
#include "health/events.hpp"
#include "health/monitor.hpp"
#include "health/spawning.hpp"
#include "pool/pool.hpp"
#include "requests/known.hpp"
#include "visits/collector.hpp"
#include "visits/tally.hpp"

namespace gangway::admin {

// Each has a tally of its own. Of those who reach all groups, and as many of all others.
inline constexpr unsigned most_profiles = 8;
// Of users that do not reach all groups.
inline constexpr unsigned most_profiles_of_user = 2;
inline constexpr unsigned most_event_streams_of_user = 16;
inline constexpr unsigned most_checks_at_once_of_user = 96;

// Lives as long as the server; used on its thread only.
struct Context {
    pool::Pool& pool;
    const config::Config& config;
    const std::vector<Account>& accounts;
    const Log& log;
    std::string_view passenger_version;
    uid_t agent_uid;
    const ProcessPasswords& process_passwords;
    const Descriptors& descriptors;
    Turns& turns;
    Shares& spooled; // bytes of bodies that are kept until their length is known
    Shares& bodies;  // bytes of bodies that are read and parsed here
    Admission admission;
    forward::InFlight in_flight;
    Statistics statistics;
    ClockSteps& clock_steps;
    health::Events& events;
    health::Monitor& monitor;
    const health::Spawning& spawning;
    const requests::Known requests;
    visits::Collector& visits;
    const visits::Tally* tally;      // of all visits; null: they are not counted all the time
    unsigned profiles = 0;           // that run now, of those who reach all groups
    unsigned profiles_of_others = 0; // and of all others
    unsigned checks_at_once = 0;     // lanes that rounds of checks hold now
    bool draining = false;
    RefusalLines refusal_lines{};
    Shares event_streams{most_event_streams_of_user};
    Shares profiles_of_user{most_profiles_of_user};
    Shares check_lanes{most_checks_at_once_of_user};
};

} // namespace gangway::admin
