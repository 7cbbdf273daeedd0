#include "endpoints/table.hpp"

#include <array>

#include "endpoints/events.hpp"
#include "endpoints/groups.hpp"
#include "endpoints/health_checks.hpp"
#include "endpoints/health_state.hpp"
#include "endpoints/index.hpp"
#include "endpoints/openapi.hpp"
#include "endpoints/pool.hpp"
#include "endpoints/processes.hpp"
#include "endpoints/profile.hpp"
#include "endpoints/requests.hpp"

namespace gangway::endpoints {

admin::Table table() {
    static constexpr std::array rows{
        &show_index,       &show_openapi,    &show_pool,     &list_requests,
        &profile_requests, &list_routes,     &list_groups,   &show_group,
        &list_processes,   &show_process,    &check_process, &forward_to_process,
        &list_health,      &check_processes, &tell_liveness, &listen_to_events,
    };
    return rows;
}

} // namespace gangway::endpoints
