// One line a request in Passenger's log (docs/operators.md, "Access log").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "admin/problem.hpp"
#include "config/config.hpp"
#include "forward/report.hpp"

namespace gangway::admin {

struct AccessRecord {
    std::string_view method;
    std::string_view target; // with the query
    unsigned status = 0;     // 0: nothing was answered
    std::optional<Code> code;
    bool forwarded = false; // report's byte counts hold, else answer_bytes
    forward::Report report;
    std::uint64_t answer_bytes = 0;
    std::optional<uid_t> uid; // of the client
    std::string_view as = "none";
};

// Pure. Neither holds a header, so no password; show_query: else a query is shown as "?...".
std::string access_line_text(const AccessRecord& record, forward::Report::Clock::time_point end,
                             bool show_query);
std::string access_line_json(const AccessRecord& record, forward::Report::Clock::time_point end,
                             bool show_query);

} // namespace gangway::admin
